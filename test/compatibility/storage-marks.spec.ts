import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import { dumpLog, openArchive, openNodeLog, openSnapshotStore, verifyDirectory } from '@metad/raft';
import type { NodeLog } from '@metad/raft';
import { SimulatedDisk } from '@metad/raft/testing';
import { MemorySnapshotStore } from '../../libs/raft/src/storage/memory/memory-snapshot-store.js';
import { entry, everything, snapshotAt, write } from '../contract/log-material.js';
import { stillClock } from '../contract/still-clock.js';
import { goldenDisk, writeGoldenDisk } from './golden-disk.js';

// A data directory as format 1 is written since marks came to it (ADR 10): every type of record and
// every flag, several segments, a newest batch that nothing but its mark speaks for, an archive of
// two files, two snapshots and half of a third. Written with WRITE_GOLDEN=1, once.
const GOLDEN = join(import.meta.dirname, 'golden/storage-1-marks');
const busy = partitionId(1);
const idle = partitionId(2);
const condemned = partitionId(3);
const suspect = partitionId(4);

const options = { directory: '/n1', clock: stillClock };
const owner = { cluster: 'c', node: 'n1', segmentBytes: 2048 };
const chunks = [Uint8Array.of(1, 2, 3), new Uint8Array(300).fill(7), new Uint8Array(90).fill(8)];

async function* streamed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

const open = (fileSystem: SimulatedDisk, clock = stillClock): Promise<NodeLog> =>
  openNodeLog({ ...options, ...owner, fileSystem, clock });

/** Time that never passes: a log that is not idle writes no seal behind its newest batch. */
const noTime = { ...stillClock, after: () => () => undefined };

const sent = new MemorySnapshotStore().write(idle, snapshotAt(30, 2), streamed(chunks));

async function writeGolden(): Promise<void> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  const log = await open(disk, noTime);
  for (const id of [busy, idle, condemned, suspect]) log.create(id, snapshotAt(0, 0));
  const vote = { term: term(2), vote: nodeName('n3'), commit: logIndex(1) };
  await log.append([write(idle, [entry(1, 1), entry(2, 2)], vote)], true);
  await log.append([write(suspect, [entry(1, 1)])], true);
  for (let index = 1; index <= 120; index += 1) {
    await log.append([write(busy, [entry(index, 1, 'x'.repeat(90))])], true);
    if (index % 20 === 0) log.compact(busy, snapshotAt(index, 1), logIndex(index - 4));
    await new Promise((done) => setImmediate(done));
  }
  await log.append([write(busy, [entry(120, 3, 'cut'), entry(121, 3)], vote)], true);
  await log.condemn(condemned, snapshotAt(7, 1), 'the snapshot at index 9 is missing');
  await log.append([write(suspect, [entry(2, 1, 'torn'.repeat(9))])], true);
  await files(disk);
  disk.kill();
  const path = disk.paths().findLast((one) => placeIn(disk, one) >= 0) as string;
  disk.flipBit(path, placeIn(disk, path), 0);
  writeGoldenDisk(GOLDEN, disk);
}

const placeIn = (disk: SimulatedDisk, path: string): number =>
  Buffer.from(disk.bytesOf(path)).lastIndexOf('torntorn');

async function files(fileSystem: SimulatedDisk): Promise<void> {
  const snapshots = openSnapshotStore({ ...options, fileSystem });
  await snapshots.write(busy, snapshotAt(100, 1), streamed(chunks.slice(0, 2)));
  await snapshots.write(busy, snapshotAt(120, 1), streamed(chunks));
  const receipt = await snapshots.receive(idle, await sent);
  for (const at of [0, 1]) await receipt.put(at, chunks[at] as Uint8Array);
  const archive = openArchive({ ...options, retention: 'keep', fileSystem });
  const entries = Array.from({ length: 9 }, (_, at) => entry(at + 1, at < 5 ? 1 : 2));
  await archive.write(busy, streamed([entries.slice(0, 4)]));
  await archive.write(busy, streamed([entries.slice(4, 7), entries.slice(7)]));
}

describe('a data directory of storage format 1 with marks', () => {
  it('holds every type of record', async () => {
    if (process.env['WRITE_GOLDEN'] === '1') await writeGolden();
    const records = [...dumpLog({ directory: '/n1', fileSystem: goldenDisk(GOLDEN) })];
    expect([...new Set(records.map(({ type }) => type))].sort()).toEqual([
      ...['entries', 'hardState', 'moved', 'standing', 'truncate'],
    ]);
    expect(new Set(records.map(({ file }) => file)).size).toBeGreaterThan(2);
  });

  it('is read as it was meant, its newest batch under suspicion by its mark', async () => {
    const fileSystem = goldenDisk(GOLDEN);
    const verdict = await verifyDirectory({ directory: '/n1', fileSystem });
    expect(verdict).toMatchObject({ sound: false, unattributed: null });
    const log = await open(fileSystem);
    const vote = { term: 2, vote: 'n3' };
    expect(log.recovered()).toMatchObject([
      { partition: 1, state: 'sound', hardState: { ...vote, commit: 1 } },
      { partition: 2, state: 'sound', hardState: { ...vote, commit: 1 } },
      { partition: 3, state: 'corrupt', reason: 'the snapshot at index 9 is missing' },
      { partition: 4, state: 'suspect', hardState: { vote: null } },
    ]);
    const { first, entries, snapshot } = everything(log.partition(busy));
    expect([first, snapshot]).toEqual([117, snapshotAt(120, 1)]);
    expect(entries.slice(-2)).toEqual([entry(120, 3, 'cut'), entry(121, 3)]);
    expect(everything(log.partition(idle)).entries).toEqual([entry(1, 1), entry(2, 2)]);
    expect(log.partition(condemned).snapshot()).toEqual(snapshotAt(7, 1));
    expect(everything(log.partition(suspect)).entries).toEqual([entry(1, 1)]);
    await log.close();
    // What this program stated about the damage is read back by it.
    const again = await open(fileSystem);
    expect(again.damageOf(suspect)).toMatchObject({ kind: 'suspect' });
    expect(again.damageOf(condemned)).toMatchObject({ kind: 'corrupt' });
    await again.close();
  });

  it('has snapshots, half of one, and an archive that are read as they were meant', async () => {
    const fileSystem = goldenDisk(GOLDEN);
    const snapshots = openSnapshotStore({ ...options, fileSystem });
    expect(snapshots.latest(busy)).toMatchObject({ meta: snapshotAt(120, 1), chunks: 3 });
    expect(snapshots.newestUpTo(busy, logIndex(119))?.meta.index).toBe(100);
    const found: Uint8Array[] = [];
    for await (const chunk of snapshots.read(busy, logIndex(120))) found.push(chunk);
    expect(found).toEqual(chunks);
    const receipt = await snapshots.receive(idle, await sent);
    expect(receipt.held).toBe(2);
    await receipt.put(2, chunks[2] as Uint8Array);
    expect(await receipt.finish()).toEqual(await sent);
    const archive = openArchive({ ...options, retention: 'keep', fileSystem });
    expect(archive.ranges(busy)).toEqual([{ first: 1, last: 9 }]);
    const indexes: number[] = [];
    for await (const run of archive.read(busy, logIndex(3)))
      indexes.push(...run.map((e) => e.index));
    expect(indexes).toEqual([3, 4, 5, 6, 7, 8, 9]);
  });
});
