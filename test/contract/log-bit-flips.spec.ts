import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, seededRandom, term } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import { SimulatedDisk } from '@metad/raft/testing';
import { LogCorruption } from '../../libs/raft/src/storage/log/log-corruption.js';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import type { NodeLog, RecoveredPartition } from '../../libs/raft/src/storage/log-port.js';
import { entry, everything, snapshotAt, write } from './log-material.js';
import { stillClock } from './still-clock.js';

const FLIPS = 1000;
const PARTITIONS = [1, 2, 3, 4].map(partitionId);

const open = (fileSystem: SimulatedDisk): Promise<NodeLog> =>
  openNodeLog({
    directory: '/n1',
    cluster: 'c',
    node: 'n1',
    clock: stillClock,
    fileSystem,
    segmentBytes: 16 * 1024,
    tailBytesMax: 0,
  });

/** A node's disk after some life: partitions 1 to 3 busy, 4 idle since its beginning. */
async function livedIn(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  const log = await open(disk);
  for (const id of PARTITIONS) log.create(id, snapshotAt(0, 0));
  await log.append([write(PARTITIONS[3] as PartitionId, [entry(1, 1), entry(2, 1)])], true);
  for (let at = 1; at <= 120; at += 1) {
    const id = PARTITIONS[at % 3] as PartitionId;
    const last = log.partition(id).lastIndex();
    const termOf = 1 + (at >> 5);
    const from = at % 17 === 0 ? last : last + 1;
    const vote = { term: term(termOf), vote: nodeName('n2'), commit: logIndex(last) };
    const entries = [entry(from, termOf, 'x'.repeat((at * 7) % 300)), entry(from + 1, termOf)];
    await log.append([write(id, entries, vote)], true);
    if (at === 60) log.compact(id, snapshotAt(10, 1), logIndex(10));
  }
  await log.close();
  return disk;
}

type Truth = Map<PartitionId, string>;

/** All that a partition's log says, as text: a thousand comparisons should not take a minute. */
function viewOf(log: NodeLog, found: RecoveredPartition): string {
  const { first, snapshot, terms, entries } = everything(log.partition(found.partition));
  const bodies = entries.map(
    ({ index, data }) => `${index}:${Buffer.from(data).toString('latin1')}`,
  );
  return JSON.stringify([first, snapshot, terms, bodies, found.hardState]);
}

const truthOf = (log: NodeLog): Truth =>
  new Map(log.recovered().map((found) => [found.partition, viewOf(log, found)]));

/** A sound partition holds the whole truth; a corrupt one holds nothing that is false. */
function expectNoLie(log: NodeLog, truth: Truth): number {
  let corrupt = 0;
  for (const found of log.recovered()) {
    const view = viewOf(log, found);
    const { partition, state, hardState, reason } = found;
    if (state === 'sound') {
      expect(view).toBe(truth.get(partition));
      continue;
    }
    corrupt += 1;
    expect(reason).toMatch(/\.log|segment/);
    expect(hardState.vote).toBe(null);
    expect(log.damageOf(partition)?.reason).toBe(reason);
  }
  const missing = truth.size - log.recovered().length;
  if (missing > 0) expect(log.report().unattributed).not.toBe(null);
  return corrupt + missing;
}

describe('the log on a rotting disk', () => {
  it(`serves no lie after any of ${FLIPS} bit flips`, async () => {
    const disk = await livedIn();
    const truth = truthOf(await open(disk));
    disk.kill();
    const paths = disk.paths().filter((path) => disk.bytesOf(path).length > 0);
    const random = seededRandom(7);
    let noticed = 0;
    let several = 0;
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const copy = disk.clone(flip);
      const path = paths[random.below(paths.length)] as string;
      copy.flipBit(path, random.below(copy.bytesOf(path).length), random.below(8));
      const log = await open(copy);
      const corrupt = expectNoLie(log, truth);
      if (corrupt > 0 || log.report().findings.length > 0) noticed += 1;
      if (corrupt > 1) several += 1;
      await log.close();
      const again = await open(copy);
      expect(expectNoLie(again, truth)).toBe(corrupt);
      await again.close();
    }
    expect(noticed).toBeGreaterThan(FLIPS / 2);
    // Damage in a header cannot be charged to one partition; in a body, the most of it, it can.
    expect(several).toBeLessThan(noticed / 2);
  });

  it('refuses a record that rotted while it was running, and goes on with the others', async () => {
    const disk = await livedIn();
    const log = await open(disk);
    const p4 = partitionId(4);
    const path = '/n1/log/000000000001.log';
    const at = Buffer.from(disk.bytesOf(path)).indexOf('e1@1');
    disk.flipBit(path, at, 0);
    expect(() => log.partition(p4).entries(logIndex(1), logIndex(2), 1)).toThrow(LogCorruption);
    expect(everything(log.partition(partitionId(1))).entries.length).toBeGreaterThan(10);
    await log.close();
  });

  it('is sound again after it was refilled and healed', async () => {
    const disk = await livedIn();
    const path = '/n1/log/000000000001.log';
    disk.flipBit(path, Buffer.from(disk.bytesOf(path)).indexOf('e1@1'), 3);
    const p4 = partitionId(4);
    const hurt = await open(disk);
    expect(hurt.damageOf(p4)?.reason).toMatch(
      /a record at 000000000001\.log offset \d+ is damaged/,
    );
    expect(hurt.partition(p4).lastIndex()).toBe(0);
    await hurt.append([write(p4, [entry(1, 1), entry(2, 1)])], true);
    await hurt.heal(p4, { term: term(9), vote: null, commit: logIndex(2) });
    await hurt.close();
    const healed = await open(disk);
    expect(healed.recovered()[3]).toMatchObject({ state: 'sound', hardState: { term: 9 } });
    expect(everything(healed.partition(p4)).entries).toEqual([entry(1, 1), entry(2, 1)]);
    await healed.close();
  });
});
