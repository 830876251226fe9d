import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import { openArchive, openNodeLog, openSnapshotStore } from '@metad/raft';
import { SimulatedDisk } from '@metad/raft/testing';
import { entry, everything, snapshotAt, write } from '../contract/log-material.js';
import { stillClock } from '../contract/still-clock.js';
import { goldenDisk, writeGoldenDisk } from './golden-disk.js';

// A data directory as format 1 wrote it. Every later version must read these very bytes. They were
// written with WRITE_GOLDEN=1, once; a change of the format adds a folder beside this one.
const GOLDEN = join(import.meta.dirname, 'golden/storage-1');
const p1 = partitionId(1);
const chunks = [Uint8Array.of(1, 2, 3), Uint8Array.of(), new Uint8Array(300).fill(7)];
const options = { directory: '/n1', clock: stillClock };
const change = {
  steps: [{ action: 'addLearner' as const, node: nodeName('n4') }],
  autoLeave: true,
};
const conf = { ...entry(13, 3, ''), kind: 'conf' as const, change };

async function* streamed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** One of everything: entries of two terms, a cut tail, votes, a snapshot, an archive. */
async function writeGolden(): Promise<void> {
  const fileSystem = new SimulatedDisk({ clock: stillClock, seed: 1 });
  const log = await openNodeLog({
    ...options,
    cluster: 'c',
    node: 'n1',
    fileSystem,
    segmentBytes: 8192,
  });
  log.create(p1, snapshotAt(0, 0));
  log.create(partitionId(2), snapshotAt(40, 2));
  const entries = Array.from({ length: 12 }, (_, at) => entry(at + 1, at < 8 ? 1 : 2));
  const vote = { term: term(3), vote: nodeName('n2'), commit: logIndex(9) };
  await log.append([write(p1, entries)], true);
  await log.append([write(p1, [entry(12, 3, 'cut'), conf], vote)], true);
  await openSnapshotStore({ ...options, fileSystem }).write(p1, snapshotAt(5, 1), streamed(chunks));
  const archive = openArchive({ ...options, retention: 'keep', fileSystem });
  await archive.write(p1, streamed([entries.slice(0, 3), entries.slice(3, 5)]));
  log.compact(p1, snapshotAt(5, 1), logIndex(5));
  await log.close();
  writeGoldenDisk(GOLDEN, fileSystem);
}

describe('a data directory of storage format 1', () => {
  it('is read as it was meant', async () => {
    if (process.env['WRITE_GOLDEN'] === '1') await writeGolden();
    const fileSystem = goldenDisk(GOLDEN);
    const log = await openNodeLog({ ...options, cluster: 'c', node: 'n1', fileSystem });
    expect(log.report().findings).toEqual([]);
    expect(log.recovered()).toMatchObject([
      { partition: 1, state: 'sound', hardState: { term: 3, vote: 'n2', commit: 9 } },
      { partition: 2, state: 'sound', hardState: { term: 0, vote: null, commit: 0 } },
    ]);
    const { first, terms, entries, snapshot } = everything(log.partition(p1));
    expect([first, terms]).toEqual([6, [1, 1, 1, 1, 2, 2, 2, 3, 3]]);
    expect(snapshot).toEqual(snapshotAt(5, 1));
    expect(entries.slice(-2)).toEqual([entry(12, 3, 'cut'), conf]);
    expect(log.partition(partitionId(2)).snapshot()).toEqual(snapshotAt(40, 2));
    const snapshots = openSnapshotStore({ ...options, fileSystem });
    const found: Uint8Array[] = [];
    for await (const chunk of snapshots.read(p1, logIndex(5))) found.push(chunk);
    expect(found).toEqual(chunks);
    const archive = openArchive({ ...options, retention: 'keep', fileSystem });
    const indexes: number[] = [];
    for await (const run of archive.read(p1, logIndex(1))) indexes.push(...run.map((e) => e.index));
    expect(indexes).toEqual([1, 2, 3, 4, 5]);
    await log.close();
  });
});
