import type * as Fs from 'node:fs';

type FileSystem = Pick<
  typeof Fs,
  'openSync' | 'closeSync' | 'readSync' | 'writeSync' | 'fstatSync' | 'ftruncateSync'
>;

/** What stood in a file before a write that is not synced yet. */
interface Before {
  readonly sequence: number;
  readonly position: number;
  readonly bytes: Buffer;
  readonly fileSize: number;
}

/**
 * Remembers, for files below one folder, what every unsynced write replaced, and can put it back.
 * Memory grows with what is not synced: with fsync at work that is one batch.
 */
export class UnsyncedWrites {
  private readonly paths = new Map<number, string>();
  private readonly before = new Map<string, Before[]>();
  private sequence = 0;

  constructor(private readonly folder: string) {}

  opened(descriptor: number, path: string, flags: string | number): void {
    const reading = flags === 'r' || flags === 0;
    if (!reading && path.startsWith(this.folder)) this.paths.set(descriptor, path);
  }

  closed(descriptor: number): void {
    this.paths.delete(descriptor);
  }

  /** `position` null: at the end (append), the only place where unpositioned writes go here. */
  writing(descriptor: number, length: number, position: number | null, fs: FileSystem): void {
    const path = this.paths.get(descriptor);
    if (path === undefined) return;
    const fileSize = fs.fstatSync(descriptor).size;
    const at = position ?? fileSize;
    this.remember(path, at, fileSize, this.read(path, at, length, fs));
  }

  /** Shrinking a file is a change of metadata that file systems order with later syncs. */
  truncating(descriptor: number, length: number): void {
    const path = this.paths.get(descriptor);
    const list = path === undefined ? undefined : this.before.get(path);
    if (list && path) this.before.set(path, list.filter(({ position }) => position < length));
  }

  /** To be given to `synced`: what was written until now. */
  mark(_descriptor: number): number {
    return this.sequence;
  }

  synced(descriptor: number, covered: number): void {
    const path = this.paths.get(descriptor);
    const list = path === undefined ? undefined : this.before.get(path);
    if (!list || path === undefined) return;
    const rest = list.filter(({ sequence }) => sequence > covered);
    if (rest.length > 0) this.before.set(path, rest);
    else this.before.delete(path);
  }

  /** Newest first, so that the oldest content wins. */
  takeBack(fs: FileSystem): void {
    for (const [path, list] of this.before) {
      let descriptor: number;
      try {
        descriptor = fs.openSync(path, 'r+');
      } catch {
        continue; // Renamed or removed since; its content is not what the log rests on.
      }
      for (const { position, bytes, fileSize } of [...list].reverse()) {
        fs.writeSync(descriptor, bytes, 0, bytes.length, position);
        fs.ftruncateSync(descriptor, fileSize);
      }
      fs.closeSync(descriptor);
    }
  }

  get count(): number {
    return [...this.before.values()].reduce((sum, list) => sum + list.length, 0);
  }

  private remember(path: string, position: number, fileSize: number, bytes: Buffer): void {
    this.sequence += 1;
    const list = this.before.get(path) ?? [];
    list.push({ sequence: this.sequence, position, bytes, fileSize });
    this.before.set(path, list);
  }

  /** By a descriptor of its own: the file may be open for writing only. */
  private read(path: string, position: number, length: number, fs: FileSystem): Buffer {
    const bytes = Buffer.alloc(length);
    const descriptor = fs.openSync(path, 'r');
    const found = fs.readSync(descriptor, bytes, 0, length, position);
    fs.closeSync(descriptor);
    return bytes.subarray(0, found);
  }
}
