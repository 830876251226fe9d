import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import { SimulatedDisk } from '@metad/raft/testing';
import type { FileSystem } from '../../libs/raft/src/storage/file-system-port.js';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import type { NodeLog } from '../../libs/raft/src/storage/log-port.js';
import { entry, snapshotAt, write } from './log-material.js';
import { stillClock } from './still-clock.js';

const p1 = partitionId(1);
const owner = { directory: '/n1', cluster: 'c', node: 'n1' };

const open = (fileSystem: FileSystem): Promise<NodeLog> =>
  openNodeLog({ ...owner, clock: stillClock, fileSystem, segmentBytes: 1024 });

async function livedIn(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  const log = await open(disk);
  log.create(p1, snapshotAt(0, 0));
  for (let index = 1; index <= 20; index += 1) {
    await log.append([write(p1, [entry(index, 1, 'x'.repeat(60))])], true);
  }
  await log.close();
  return disk;
}

const used = (disk: SimulatedDisk): number =>
  disk.paths().reduce((sum, path) => sum + disk.bytesOf(path).length, 0);

/** The same disk; its operation number `at` fails, and all that follow. */
function failing(disk: SimulatedDisk, code: string, at: number): FileSystem & { failed: boolean } {
  let left = at;
  const faulty = Object.assign(Object.create(disk) as FileSystem, { failed: false });
  const fail = (): void => {
    left -= 1;
    if (left >= 0) return;
    faulty.failed = true;
    throw Object.assign(new Error(`${code}: refused`), { code });
  };
  faulty.open = (path, mode) => {
    if (mode !== 'read') fail();
    const file = disk.open(path, mode);
    const inner = file.write;
    file.write = (bytes, position) => {
      fail();
      inner(bytes, position);
    };
    return file;
  };
  faulty.rename = (from, to) => {
    fail();
    disk.rename(from, to);
  };
  return faulty;
}

describe('a data directory that the machine does not let a node use', () => {
  it.each(['a new directory', 'one with a log'])(
    'is told in words when the disk is full, wherever that shows: %s',
    async (what) => {
      const disk = what === 'a new directory' ? new SimulatedDisk(still(1)) : await livedIn();
      let refused = 0;
      for (let room = 0; ; room += 256) {
        const copy = disk.clone(room);
        // Opening frees a segment that was prepared, before it needs room for the next.
        copy.capacityBytes = Math.max(0, used(copy) - 14_000) + room;
        const opened = await open(copy).catch((fault: unknown) => fault);
        if (!(opened instanceof Error)) break;
        refused += 1;
        expect(opened).toMatchObject({ name: 'DirectoryError', code: 'NO_SPACE' });
        expect(opened.message).toMatch(/\/n1 cannot be opened: its file system is full .*free/);
        copy.capacityBytes = Infinity;
        const log = await open(copy);
        for (const { state } of log.recovered()) expect(state).toBe('sound');
        expect(log.recovered()).toHaveLength(what === 'a new directory' ? 0 : 1);
        await log.close();
      }
      expect(refused).toBeGreaterThan(10);
    },
  );

  it.each([
    ['EACCES', 'NO_ACCESS', 'check owner and permissions'],
    ['EROFS', 'READ_ONLY', 'mount it writable'],
    ['EIO', 'DISK_FAULT', 'look at the system log'],
  ])('is told in words when any step of opening ends with %s', async (errno, code, remedy) => {
    const disk = await livedIn();
    let refused = 0;
    for (let at = 0; ; at += 1) {
      const copy = disk.clone(at);
      const faulty = failing(copy, errno, at);
      const opened = await open(faulty).catch((fault: unknown) => fault);
      if (!faulty.failed) break;
      if (!(opened instanceof Error)) {
        await (opened as NodeLog).close().catch(() => undefined); // Only the next segment failed.
        continue;
      }
      refused += 1;
      expect(opened).toMatchObject({ name: 'DirectoryError', code });
      expect(opened.message).toContain(remedy);
      const log = await open(copy); // The lock was given back, and nothing is lost.
      expect(log.recovered()).toMatchObject([{ state: 'sound' }]);
      expect(log.partition(p1).lastIndex()).toBe(20);
      await log.close();
    }
    expect(refused).toBeGreaterThan(4);
  });

  it('is told in words when a file stands in its place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'metad-place-'));
    const directory = join(folder, 'data');
    await writeFile(directory, 'not a directory');
    const opening = openNodeLog({ ...owner, directory, clock: stillClock });
    await expect(opening).rejects.toMatchObject({ code: 'NOT_A_DIRECTORY' });
    await rm(folder, { recursive: true });
  });
});

function still(seed: number): ConstructorParameters<typeof SimulatedDisk>[0] {
  return { clock: stillClock, seed };
}
