import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimulatedDisk } from '@metad/raft/testing';
import { stillClock } from '../contract/still-clock.js';

// A golden data directory is one file for each of its files: `~` stands for `/` in their names.

const ROOT = '/n1/';

/** A disk with a golden data directory at `/n1`. */
export function goldenDisk(folder: string): SimulatedDisk {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  for (const name of readdirSync(folder)) {
    const path = `${ROOT}${name.replace(/\.golden$/, '').replaceAll('~', '/')}`;
    disk.open(path, 'create').write(readFileSync(join(folder, name)), 0);
  }
  return disk;
}

/** Writes what stands under `/n1`, without files that hold nothing. */
export function writeGoldenDisk(folder: string, disk: SimulatedDisk): void {
  mkdirSync(folder, { recursive: true });
  for (const path of disk.paths()) {
    const bytes = disk.bytesOf(path);
    if (bytes.every((byte) => byte === 0) || path.endsWith('.tmp')) continue;
    writeFileSync(join(folder, `${path.slice(ROOT.length).replaceAll('/', '~')}.golden`), bytes);
  }
}
