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

/** A file by its inode: names change (a prepared segment is renamed when it is taken). */
interface Tracked {
  readonly inode: number;
  /** A descriptor of our own, for reading back and for putting back. */
  readonly own: number;
  before: Before[];
  open: number;
}

/**
 * Remembers, for files below one folder, what every unsynced write replaced, and can put it back.
 * Memory grows with what is not synced: with fsync at work that is one batch. Linux only: a second
 * descriptor of an open file comes from /proc/self/fd.
 */
export class UnsyncedWrites {
  private readonly descriptors = new Map<number, Tracked>();
  private readonly inodes = new Map<number, Tracked>();
  private sequence = 0;

  constructor(
    private readonly folder: string,
    private readonly fs: FileSystem,
  ) {}

  opened(descriptor: number, path: string, flags: string | number): void {
    const reading = flags === 'r' || flags === 0;
    if (reading || !path.startsWith(this.folder)) return;
    const { ino } = this.fs.fstatSync(descriptor);
    const tracked = this.inodes.get(ino) ?? this.track(ino, descriptor);
    tracked.open += 1;
    this.descriptors.set(descriptor, tracked);
  }

  closed(descriptor: number): void {
    const tracked = this.descriptors.get(descriptor);
    if (!tracked) return;
    this.descriptors.delete(descriptor);
    tracked.open -= 1;
    if (tracked.open > 0 || tracked.before.length > 0) return;
    this.inodes.delete(tracked.inode);
    this.fs.closeSync(tracked.own);
  }

  /** `position` null: at the end (append), the only place where unpositioned writes go here. */
  writing(descriptor: number, length: number, position: number | null): void {
    const tracked = this.descriptors.get(descriptor);
    if (!tracked) return;
    const fileSize = this.fs.fstatSync(descriptor).size;
    const at = position ?? fileSize;
    const bytes = Buffer.alloc(length);
    const found = this.fs.readSync(tracked.own, bytes, 0, length, at);
    this.sequence += 1;
    const { sequence } = this;
    tracked.before.push({ sequence, position: at, bytes: bytes.subarray(0, found), fileSize });
  }

  /** Shrinking a file is a change of metadata that file systems order with later syncs. */
  truncating(descriptor: number, length: number): void {
    const tracked = this.descriptors.get(descriptor);
    if (tracked) tracked.before = tracked.before.filter(({ position }) => position < length);
  }

  /** To be given to `synced`: what was written until now. */
  mark(): number {
    return this.sequence;
  }

  synced(descriptor: number, covered: number): void {
    const tracked = this.descriptors.get(descriptor);
    if (tracked) tracked.before = tracked.before.filter(({ sequence }) => sequence > covered);
  }

  /** Newest first, so that the oldest content wins. */
  takeBack(): void {
    for (const { own, before } of this.inodes.values()) {
      for (const { position, bytes, fileSize } of [...before].reverse()) {
        this.fs.writeSync(own, bytes, 0, bytes.length, position);
        this.fs.ftruncateSync(own, fileSize);
      }
    }
  }

  get count(): number {
    return [...this.inodes.values()].reduce((sum, { before }) => sum + before.length, 0);
  }

  private track(inode: number, descriptor: number): Tracked {
    const own = this.fs.openSync(`/proc/self/fd/${descriptor}`, 'r+');
    const tracked: Tracked = { inode, own, before: [], open: 0 };
    this.inodes.set(inode, tracked);
    return tracked;
  }
}
