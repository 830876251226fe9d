import { execFileSync } from 'node:child_process';
import { mkdirSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A tmpfs that can be filled to the last byte; needs the right to mount. */
export class SmallDisk {
  private mounted = true;

  private constructor(readonly folder: string) {}

  /** Null when this user may not mount. */
  static mount(folder: string, megabytes: number): SmallDisk | null {
    mkdirSync(folder, { recursive: true });
    const options = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder];
    try {
      execFileSync('mount', options, { stdio: 'ignore' });
    } catch {
      return null;
    }
    const disk = new SmallDisk(folder);
    process.once('exit', () => disk.unmount());
    return disk;
  }

  private get filler(): string {
    return join(this.folder, 'filler');
  }

  fill(): void {
    const file = openSync(this.filler, 'w');
    try {
      for (let size = 1 << 20; size >= 512; size >>= 1) this.append(file, Buffer.alloc(size, 1));
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.filler, { force: true });
  }

  /** Idempotent: it also happens when the harness ends for any reason. */
  unmount(): void {
    if (!this.mounted) return;
    this.mounted = false;
    execFileSync('umount', ['-l', this.folder], { stdio: 'ignore' });
  }

  /** Until the disk says no. */
  private append(file: number, block: Buffer): void {
    try {
      for (;;) if (writeSync(file, block) < block.length) return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
