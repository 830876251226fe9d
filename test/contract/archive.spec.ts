import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import { SimulatedDisk } from '@metad/raft/testing';
import { openArchive } from '../../libs/raft/src/storage/archive/file-archive.js';
import { ArchiveCorruption } from '../../libs/raft/src/storage/archive-port.js';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import type { NodeLog } from '../../libs/raft/src/storage/log-port.js';
import { MemoryArchive } from '../../libs/raft/src/storage/memory/memory-archive.js';
import { describeArchive, entriesFrom, readAll, runs } from './archive.suite.js';
import { entry, snapshotAt, write } from './log-material.js';
import { stillClock } from './still-clock.js';

const clock = stillClock;
const retention = 'keep' as const;

describeArchive('real', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'metad-archive-'));
  return {
    open: () => openArchive({ directory, clock, retention }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describeArchive('memory', async () => {
  const archive = new MemoryArchive();
  return { open: () => archive, dispose: async () => undefined };
});

const p1 = partitionId(1);
const settled = async (log: NodeLog): Promise<void> => {
  while (log.partition(p1).firstIndex() === 1) await new Promise((done) => setImmediate(done));
};

describe('the archive on a disk', () => {
  it('never serves a flipped bit', async () => {
    const disk = new SimulatedDisk({ clock, seed: 1 });
    const open = (fileSystem: SimulatedDisk) =>
      openArchive({ directory: '/n1', clock, retention, fileSystem });
    await open(disk).write(p1, runs(entriesFrom(1, 40)));
    const [path] = disk.paths() as [string];
    for (let byte = 0; byte < disk.bytesOf(path).length; byte += 1) {
      const copy = disk.clone(byte);
      copy.flipBit(path, byte, byte % 8);
      const { entries, fault } = await readAll(open(copy), 1);
      expect(fault).toBeInstanceOf(ArchiveCorruption);
      expect(entries).toEqual(entriesFrom(1, entries.length));
    }
  });

  it('changes nothing when it is opened, since another process may be writing there', async () => {
    const disk = new SimulatedDisk({ clock, seed: 1 });
    const open = () => openArchive({ directory: '/n1', clock, retention, fileSystem: disk });
    async function* interrupted() {
      yield entriesFrom(1, 5);
      const { steps } = disk;
      expect(open().lastIndex(p1)).toBe(0);
      expect(disk.steps).toBe(steps);
      yield entriesFrom(6, 5);
    }
    await open().write(p1, interrupted());
    expect(open().lastIndex(p1)).toBe(10);
    // What a dead process left goes with the first write.
    disk.open('/n1/archive/p1.7.tmp', 'create').close();
    await open().write(p1, runs(entriesFrom(11, 5)));
    expect(disk.paths().filter((path) => path.endsWith('.tmp'))).toEqual([]);
  });

  it('lets old files go when its retention says so', async () => {
    const disk = new SimulatedDisk({ clock, seed: 1 });
    let now = 1000;
    const archive = openArchive({
      directory: '/n1',
      clock: { ...clock, now: () => now },
      retention: 500,
      fileSystem: disk,
    });
    await archive.write(p1, runs(entriesFrom(1, 10)));
    now = 1400;
    await archive.write(p1, runs(entriesFrom(11, 10)));
    expect(await archive.prune()).toBe(0);
    now = 1600;
    expect(await archive.prune()).toBe(1);
    expect(archive.ranges(p1)).toEqual([{ first: 11, last: 20 }]);
    expect(archive.stats().files).toBe(1);
  });
});

describe('a log with an archive', () => {
  const start = async () => {
    const disk = new SimulatedDisk({ clock, seed: 1 });
    const archive = openArchive({ directory: '/n1', clock, retention, fileSystem: disk });
    const log = await openNodeLog({
      directory: '/n1',
      cluster: 'c',
      node: 'n1',
      clock,
      fileSystem: disk,
      segmentBytes: 2048,
      tailBytesMax: 500,
      archive,
    });
    return { disk, archive, log };
  };

  it('holds entries until they are archived, and then lets them go', async () => {
    const { archive, log } = await start();
    log.create(p1, snapshotAt(0, 0));
    await log.append([write(p1, entriesFrom(1, 100))], true);
    log.compact(p1, snapshotAt(90, 6), logIndex(80));
    expect(log.partition(p1).firstIndex()).toBe(1);
    expect(log.partition(p1).snapshot().index).toBe(90);
    await settled(log);
    expect(log.partition(p1).firstIndex()).toBe(81);
    expect(await readAll(archive, 1)).toEqual({ entries: entriesFrom(1, 80), fault: null });
    await log.append([write(p1, [entry(101, 9)])], true);
    await log.close();
  });

  it('keeps entries in the log while the archive cannot take them', async () => {
    const { disk, archive, log } = await start();
    log.create(p1, snapshotAt(0, 0));
    await log.append([write(p1, entriesFrom(1, 100))], true);
    const { write: take } = archive;
    let refusals = 2;
    archive.write = async (partition, entries) => {
      refusals -= 1;
      if (refusals >= 0) throw new Error('the archive disk is full');
      await take.call(archive, partition, entries);
    };
    log.compact(p1, snapshotAt(90, 6), logIndex(80));
    await settled(log);
    expect(refusals).toBe(-1);
    expect(await readAll(archive, 1)).toEqual({ entries: entriesFrom(1, 80), fault: null });
    expect(disk.paths().some((path) => path.endsWith('.arc'))).toBe(true);
    await log.close();
  });

  it('archives once what is compacted twice before it is ready', async () => {
    const { archive, log } = await start();
    log.create(p1, snapshotAt(0, 0));
    await log.append([write(p1, entriesFrom(1, 100))], true);
    log.compact(p1, snapshotAt(50, 4), logIndex(40));
    log.compact(p1, snapshotAt(90, 6), logIndex(80));
    while (log.partition(p1).firstIndex() < 81) await new Promise((done) => setImmediate(done));
    expect((await readAll(archive, 1)).entries).toEqual(entriesFrom(1, 80));
    await log.close();
  });
});
