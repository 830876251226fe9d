import * as fs from 'node:fs';
import { join } from 'node:path';
import type { DiskFile, FileSystem } from '../file-system-port.js';
import { lockHolder, lockWithFile } from './lock-file.js';

const ZEROS = new Uint8Array(1024 * 1024);
const OPEN_FLAGS = { create: 'w+', write: 'r+', read: 'r' } as const;

/** A promise of one callback call of `node:fs`. */
function done(call: (callback: (fault: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((fault) => (fault === null ? resolve() : reject(fault)));
  });
}

/**
 * A closed file keeps no number: the kernel gives it to the next file, which a late call on this
 * one would write to, or close.
 */
class RealFile implements DiskFile {
  constructor(private held: number | null) {}

  private get descriptor(): number {
    if (this.held !== null) return this.held;
    throw Object.assign(new Error('EBADF: the file was closed'), { code: 'EBADF' });
  }

  write(bytes: Uint8Array, position: number): void {
    let written = 0;
    while (written < bytes.length) {
      const left = bytes.length - written;
      written += fs.writeSync(this.descriptor, bytes, written, left, position + written);
    }
  }

  read(target: Uint8Array, position: number): number {
    let total = 0;
    while (total < target.length) {
      const left = target.length - total;
      const read = fs.readSync(this.descriptor, target, total, left, position + total);
      if (read === 0) break;
      total += read;
    }
    return total;
  }

  size(): number {
    return fs.fstatSync(this.descriptor).size;
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.descriptor, size);
  }

  async allocate(bytes: number): Promise<void> {
    const { descriptor } = this;
    for (let at = 0; at < bytes; at += ZEROS.length) {
      const length = Math.min(ZEROS.length, bytes - at);
      await done((callback) => fs.write(descriptor, ZEROS, 0, length, at, callback));
    }
    await done((callback) => fs.fsync(descriptor, callback));
  }

  sync(): Promise<void> {
    const { descriptor } = this;
    return done((callback) => fs.fdatasync(descriptor, callback));
  }

  syncBlocking(): void {
    fs.fdatasyncSync(this.descriptor);
  }

  close(): void {
    const { held } = this;
    this.held = null;
    if (held !== null) fs.closeSync(held);
  }
}

/** The machine's own file system. */
export const realFileSystem: FileSystem = {
  ensureDirectory(path) {
    fs.mkdirSync(path, { recursive: true });
  },
  list(path) {
    try {
      return fs.readdirSync(path).sort();
    } catch (fault) {
      if ((fault as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw fault;
    }
  },
  open(path, mode) {
    return new RealFile(fs.openSync(path, OPEN_FLAGS[mode]));
  },
  rename(from, to) {
    fs.renameSync(from, to);
  },
  remove(path) {
    fs.rmSync(path, { force: true });
  },
  async syncDirectory(path) {
    const descriptor = fs.openSync(path, 'r');
    try {
      await done((callback) => fs.fsync(descriptor, callback));
    } finally {
      fs.closeSync(descriptor);
    }
  },
  freeBytes(path) {
    const { bavail, bsize } = fs.statfsSync(path);
    return bavail * bsize;
  },
  lock(path) {
    return lockWithFile(join(path, 'lock'));
  },
  holder(path) {
    return lockHolder(join(path, 'lock'));
  },
};
