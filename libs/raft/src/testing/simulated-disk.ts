import { seededRandom } from '@metad/foundation';
import type { Clock, Random } from '@metad/foundation';
import { LockedError } from '../storage/file-system-port.js';
import type { DiskFile, FileSystem } from '../storage/file-system-port.js';
import { SimulatedFile } from './simulated-file.js';

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

type NameChange = (names: Map<string, SimulatedFile>) => void;

const fault = (code: string, what: string): Error =>
  Object.assign(new Error(`${code}: ${what}`), { code });

/**
 * A disk in memory with the freedoms of a real one. Until a file is synced, a crash may keep, tear
 * or lose each of its writes; until its directory is synced, creations, renames and removals may be
 * undone, the newest first. Syncs take time on the given clock, may stall, and may fail for good.
 * Everything that chance decides comes from the seed.
 *
 * Missing: reordering of name changes, and reads that fail.
 */
export class SimulatedDisk implements FileSystem {
  private names = new Map<string, SimulatedFile>();
  private durableNames = new Map<string, SimulatedFile>();
  private nameChanges: NameChange[] = [];
  private locks = new Set<string>();
  private readonly random: Random;
  /** Counts reboots: handles from before one are dead. */
  private boot = 0;
  private stepsLeft = Infinity;
  private off = false;
  private failures: { writes: number; syncs: number } = { writes: 0, syncs: 0 };
  /** How long a sync takes. */
  syncMs = 0;
  capacityBytes: number;
  /** Operations that changed the disk so far: the write boundaries of a crash matrix. */
  steps = 0;

  constructor(private readonly options: SimulatedDiskOptions) {
    this.random = seededRandom(options.seed);
    this.capacityBytes = options.capacityBytes ?? Infinity;
  }

  // What tests do to it.

  /** Power is cut during the operation that comes after `steps` more: it is done in part. */
  cutPowerAfter(steps: number): void {
    this.stepsLeft = steps;
  }

  /** Power comes back: what was not synced is as chance has it, all handles and locks are gone. */
  crash(): void {
    this.boot += 1;
    this.off = false;
    this.stepsLeft = Infinity;
    this.locks.clear();
    this.failures = { writes: 0, syncs: 0 };
    const kept = this.random.below(this.nameChanges.length + 1);
    for (const change of this.nameChanges.slice(0, kept)) change(this.durableNames);
    this.nameChanges = [];
    for (const file of new Set(this.durableNames.values())) file.crash(this.random);
    this.names = new Map(this.durableNames);
  }

  /** The process dies and the machine lives: nothing written is lost. */
  kill(): void {
    this.boot += 1;
    this.off = false;
    this.stepsLeft = Infinity;
    this.locks.clear();
  }

  /** Another disk with the same content, all of it durable, and its own fate. */
  clone(seed: number): SimulatedDisk {
    const copy = new SimulatedDisk({ ...this.options, seed });
    for (const [path, file] of this.names) copy.names.set(path, file.clone());
    copy.durableNames = new Map(copy.names);
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

  ensureDirectory(_path: string): void {
    // Directories are prefixes of names here.
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
      this.changeNames((names) => names.set(path, made));
      return this.handle(made);
    }
    return this.handle(this.file(path));
  }

  rename(from: string, to: string): void {
    const file = this.file(from);
    this.changeNames((names) => {
      names.delete(from);
      names.set(to, file);
    });
  }

  remove(path: string): void {
    if (this.names.has(path)) this.changeNames((names) => names.delete(path));
  }

  async syncDirectory(_path: string): Promise<void> {
    const covered = this.nameChanges.length;
    const { boot } = this;
    this.step();
    await this.pass();
    if (boot !== this.boot) throw new PowerLoss('the machine went down during a sync');
    for (const change of this.nameChanges.splice(0, covered)) change(this.durableNames);
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

  private changeNames(change: NameChange): void {
    this.step();
    change(this.names);
    this.nameChanges.push(change);
  }

  /** Counts an operation; the one that power does not last for is done in part by `partly`. */
  private step(partly?: () => void): void {
    if (this.off) throw new PowerLoss('the power is off');
    this.steps += 1;
    if (this.stepsLeft > 0) {
      this.stepsLeft -= 1;
      return;
    }
    partly?.();
    this.off = true;
    throw new PowerLoss('power was cut');
  }

  private pass(): Promise<void> {
    if (this.syncMs === 0) return Promise.resolve();
    return new Promise((resolve) => this.options.clock.after(this.syncMs, resolve));
  }

  private handle(file: SimulatedFile): DiskFile {
    const { boot } = this;
    const alive = (): void => {
      if (boot !== this.boot || this.off) throw new PowerLoss('this handle died with the machine');
    };
    return {
      write: (bytes, position) => {
        alive();
        this.write(file, bytes, position);
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
        this.step();
        file.truncate(size);
      },
      allocate: async (bytes) => {
        alive();
        this.write(file, new Uint8Array(bytes), 0);
        await this.sync(file, boot);
      },
      sync: async () => {
        alive();
        await this.sync(file, boot);
      },
      syncBlocking: () => {
        alive();
        this.beginSync(file)();
      },
      close: () => undefined,
    };
  }

  private write(file: SimulatedFile, bytes: Uint8Array, position: number): void {
    if (this.failures.writes > 0) {
      this.failures.writes -= 1;
      throw fault('EIO', 'write');
    }
    const growth = Math.max(0, position + bytes.length - file.size);
    if (growth > this.freeBytes('')) throw fault('ENOSPC', 'write');
    this.step(() => {
      const part = bytes.subarray(0, this.random.below(bytes.length + 1));
      file.write(part, position);
    });
    file.write(bytes, position);
  }

  private beginSync(file: SimulatedFile): () => void {
    if (this.failures.syncs > 0) {
      this.failures.syncs -= 1;
      file.failSync();
      throw fault('EIO', 'fdatasync');
    }
    this.step();
    return file.beginSync();
  }

  private async sync(file: SimulatedFile, boot: number): Promise<void> {
    const finish = this.beginSync(file);
    await this.pass();
    if (boot !== this.boot || this.off) {
      throw new PowerLoss('the machine went down during a sync');
    }
    finish();
  }
}
