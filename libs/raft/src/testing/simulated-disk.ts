import { invariant, seededRandom } from '@metad/foundation';
import type { Clock, Random } from '@metad/foundation';
import { LockedError } from '../storage/file-system-port.js';
import type { DiskFile, FileSystem } from '../storage/file-system-port.js';
import { SimulatedFile } from './simulated-file.js';
import type { Fate } from './simulated-file.js';

/** The machine lost power in the middle of an operation: nothing after this happened. */
export class PowerLoss extends Error {
  override readonly name = 'PowerLoss';
}

export interface SimulatedDiskOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Bytes that fit; default without end. */
  readonly capacityBytes?: number;
}

/** What a power cut makes of that which was not synced: contents of files, and their names. */
export interface CrashFate {
  readonly data: Fate;
  readonly names: Fate;
}

/** A creation, a rename, a removal: of entries in one directory. */
interface NameChange {
  readonly directory: string;
  readonly apply: (names: Map<string, SimulatedFile>) => void;
  /** The directory that it makes; null when it is about a file. */
  readonly made: string | null;
}

/** What changes the disk: each is a boundary at which power can be cut. */
export type DiskOperation =
  'mkdir' | 'create' | 'rename' | 'remove' | 'sync directory' | 'write' | 'truncate' | 'sync';

const AS_CHANCE_HAS_IT: CrashFate = { data: 'chance', names: 'chance' };

const fault = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code });

/** The directory that a path lies in. */
const above = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

/**
 * A disk in memory with the freedoms of a real one. Until a file is synced, a crash may keep, tear
 * or lose each of its writes; until its directory is synced, creations, renames and removals in it
 * may be undone, the newest first; a directory that is undone takes along what lies in it, synced
 * or not. Syncs take time on the given clock, may stall, and may fail for good. Everything that
 * chance decides comes from the seed.
 *
 * Missing: reordering of name changes, and reads that fail.
 */
export class SimulatedDisk implements FileSystem {
  private names = new Map<string, SimulatedFile>();
  private durableNames = new Map<string, SimulatedFile>();
  private nameChanges: NameChange[] = [];
  /** Directories that were made here; those that nobody made are taken for older than the disk. */
  private directories = new Set<string>();
  private locks = new Set<string>();
  private readonly random: Random;
  /** Counts ends of processes: handles from before the last are dead. */
  private boot = 0;
  private stepsLeft = Infinity;
  private failures: { writes: number; syncs: number } = { writes: 0, syncs: 0 };
  /** How long a sync takes. */
  syncMs = 0;
  capacityBytes: number;
  /** Operations that changed the disk so far: the write boundaries of a crash matrix. */
  steps = 0;
  /** The operation during which power was cut, and what it was about; null while there is power. */
  cutDuring: { readonly operation: DiskOperation; readonly path: string } | null = null;

  constructor(private readonly options: SimulatedDiskOptions) {
    this.random = seededRandom(options.seed);
    this.capacityBytes = options.capacityBytes ?? Infinity;
  }

  // What tests do to it.

  /** Power is cut during the operation that comes after `steps` more: it is done in part. */
  cutPowerAfter(steps: number): void {
    this.stepsLeft = steps;
  }

  /** Power comes back: what was not synced has its fate, all handles and locks are gone. */
  crash(fate: CrashFate = AS_CHANCE_HAS_IT): void {
    this.kill();
    this.failures = { writes: 0, syncs: 0 };
    const changes = this.nameChanges.length;
    const kept = { kept: changes, lost: 0, chance: this.random.below(changes + 1) }[fate.names];
    for (const change of this.nameChanges.slice(0, kept)) change.apply(this.durableNames);
    for (const { made } of this.nameChanges.slice(kept)) if (made !== null) this.unmake(made);
    this.nameChanges = [];
    for (const file of new Set(this.durableNames.values())) file.crash(this.random, fate.data);
    this.names = new Map(this.durableNames);
  }

  /** The process dies and the machine lives: nothing written is lost. */
  kill(): void {
    this.boot += 1;
    this.cutDuring = null;
    this.stepsLeft = Infinity;
    this.locks.clear();
  }

  private unmake(directory: string): void {
    this.directories.delete(directory);
    for (const path of [...this.durableNames.keys()]) {
      if (path.startsWith(`${directory}/`)) this.durableNames.delete(path);
    }
  }

  /**
   * The disk as the process that runs now sees it: what is left of that process after its end, say
   * work in a thread pool, changes nothing any more.
   */
  mounted(): FileSystem {
    const { boot } = this;
    return new Proxy<FileSystem>(this, {
      get: (disk, name: keyof FileSystem) => {
        if (boot !== this.boot) throw new PowerLoss('this process is gone');
        return disk[name].bind(disk);
      },
    });
  }

  /** Another disk with the same content, all of it durable, and its own fate. */
  clone(seed: number): SimulatedDisk {
    const copy = new SimulatedDisk({ ...this.options, seed });
    for (const [path, file] of this.names) copy.names.set(path, file.clone());
    copy.durableNames = new Map(copy.names);
    copy.directories = new Set(this.directories);
    return copy;
  }

  failNextWrites(count: number): void {
    this.failures.writes = count;
  }

  failNextSyncs(count: number): void {
    this.failures.syncs = count;
  }

  /** Rot: one bit of a file turns, in the cache and on the platter. */
  flipBit(path: string, byte: number, bit: number): void {
    this.file(path).flipBit(byte, bit);
  }

  /** The bytes of a file as programs see them; do not write to them. */
  bytesOf(path: string): Uint8Array {
    return this.file(path).bytes;
  }

  paths(): string[] {
    return [...this.names.keys()].sort();
  }

  // FileSystem.

  ensureDirectory(path: string): void {
    if (path === '/' || this.directories.has(path)) return;
    const directory = above(path);
    this.ensureDirectory(directory);
    this.step('mkdir', path);
    this.directories.add(path);
    this.nameChanges.push({ directory, made: path, apply: () => undefined });
  }

  list(path: string): string[] {
    const prefix = `${path}/`;
    const found = new Set<string>();
    for (const name of this.names.keys()) {
      if (name.startsWith(prefix)) found.add(name.slice(prefix.length).split('/')[0] as string);
    }
    return [...found].sort();
  }

  open(path: string, mode: 'create' | 'write' | 'read'): DiskFile {
    if (mode === 'create') {
      const made = new SimulatedFile();
      this.changeNames('create', path, (names) => names.set(path, made));
      return this.handle(path, made);
    }
    return this.handle(path, this.file(path));
  }

  rename(from: string, to: string): void {
    const file = this.file(from);
    invariant(above(from) === above(to), 'files are renamed within their directory');
    this.changeNames('rename', to, (names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  remove(path: string): void {
    if (this.names.has(path)) this.changeNames('remove', path, (names) => names.delete(path));
  }

  async syncDirectory(path: string): Promise<void> {
    const covered = new Set(this.nameChanges.filter(({ directory }) => directory === path));
    const { boot } = this;
    this.step('sync directory', path);
    await this.pass();
    if (boot !== this.boot) throw new PowerLoss('the machine went down during a sync');
    for (const change of covered) change.apply(this.durableNames);
    this.nameChanges = this.nameChanges.filter((change) => !covered.has(change));
  }

  freeBytes(_path: string): number {
    return Math.max(0, this.capacityBytes - this.usedBytes());
  }

  lock(path: string): () => void {
    if (this.locks.has(path)) throw new LockedError(`${path} is in use`);
    const { boot } = this;
    this.locks.add(path);
    return () => {
      if (boot === this.boot) this.locks.delete(path);
    };
  }

  holder(path: string): string | null {
    return this.locks.has(path) ? 'a process of this machine' : null;
  }

  private usedBytes(): number {
    let used = 0;
    for (const file of this.names.values()) used += file.size;
    return used;
  }

  private file(path: string): SimulatedFile {
    const file = this.names.get(path);
    if (file === undefined) throw fault('ENOENT', path);
    return file;
  }

  private changeNames(operation: DiskOperation, path: string, apply: NameChange['apply']): void {
    this.step(operation, path);
    apply(this.names);
    this.nameChanges.push({ directory: above(path), made: null, apply });
  }

  /** Counts an operation; the one that power does not last for is done in part by `partly`. */
  private step(operation: DiskOperation, path: string, partly?: () => void): void {
    if (this.cutDuring !== null) throw new PowerLoss('the power is off');
    this.steps += 1;
    if (this.stepsLeft > 0) {
      this.stepsLeft -= 1;
      return;
    }
    partly?.();
    this.cutDuring = { operation, path };
    throw new PowerLoss(`power was cut: ${operation} ${path}`);
  }

  private pass(): Promise<void> {
    if (this.syncMs === 0) return Promise.resolve();
    return new Promise((resolve) => this.options.clock.after(this.syncMs, resolve));
  }

  private handle(path: string, file: SimulatedFile): DiskFile {
    const { boot } = this;
    let closed = false;
    const alive = (): void => {
      if (closed) throw fault('EBADF', `${path} was closed`);
      if (boot !== this.boot || this.cutDuring !== null) {
        throw new PowerLoss('this handle died with the machine');
      }
    };
    return {
      write: (bytes, position) => {
        alive();
        this.write(path, file, bytes, position);
      },
      read: (target, position) => {
        alive();
        const held = file.bytes.subarray(position, position + target.length);
        target.set(held);
        return held.length;
      },
      size: () => file.size,
      truncate: (size) => {
        alive();
        this.step('truncate', path);
        file.truncate(size);
      },
      allocate: async (bytes) => {
        alive();
        this.write(path, file, new Uint8Array(bytes), 0);
        await this.sync(path, file, boot);
      },
      sync: async () => {
        alive();
        await this.sync(path, file, boot);
      },
      syncBlocking: () => {
        alive();
        this.beginSync(path, file)();
      },
      close: () => {
        closed = true;
      },
    };
  }

  private write(path: string, file: SimulatedFile, bytes: Uint8Array, position: number): void {
    if (this.failures.writes > 0) {
      this.failures.writes -= 1;
      throw fault('EIO', 'write');
    }
    const growth = Math.max(0, position + bytes.length - file.size);
    if (growth > this.freeBytes('')) throw fault('ENOSPC', 'write');
    this.step('write', path, () => {
      const part = bytes.subarray(0, this.random.below(bytes.length + 1));
      file.write(part, position);
    });
    file.write(bytes, position);
  }

  private beginSync(path: string, file: SimulatedFile): () => void {
    if (this.failures.syncs > 0) {
      this.failures.syncs -= 1;
      file.failSync();
      throw fault('EIO', 'fdatasync');
    }
    this.step('sync', path);
    return file.beginSync();
  }

  private async sync(path: string, file: SimulatedFile, boot: number): Promise<void> {
    const finish = this.beginSync(path, file);
    await this.pass();
    if (boot !== this.boot || this.cutDuring !== null) {
      throw new PowerLoss('the machine went down during a sync');
    }
    finish();
  }
}
