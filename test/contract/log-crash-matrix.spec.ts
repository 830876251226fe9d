import { describe, expect, it } from '@jest/globals';
import { logIndex, nodeName, partitionId, seededRandom, term } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import { PowerLoss, SimulatedDisk } from '@metad/raft/testing';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import {
  MemoryLogContent,
  MemoryNodeLog,
} from '../../libs/raft/src/storage/memory/memory-node-log.js';
import type { HardState, StoredLog } from '../../libs/raft/src/core/index.js';
import type { LogFailure, NodeLog } from '../../libs/raft/src/storage/log-port.js';
import { entry, everything, snapshotAt, write } from './log-material.js';
import { stillClock } from './still-clock.js';

const PARTITIONS = [1, 2, 3].map(partitionId);
const OPERATIONS = 60;

/** What each partition looked like after every operation: a crash may leave no other picture. */
class History {
  private readonly content = new MemoryLogContent();
  private readonly model = new MemoryNodeLog(this.content);
  private readonly pictures = new Map<PartitionId, string[]>();
  private issued = 0;
  private durable = 0;

  do(operation: (log: NodeLog) => Promise<void> | void): number {
    void operation(this.model);
    this.issued += 1;
    for (const id of PARTITIONS) {
      const pictures = this.pictures.get(id) ?? [];
      pictures[this.issued] = this.seen(id);
      this.pictures.set(id, pictures);
    }
    return this.issued;
  }

  private seen(id: PartitionId): string {
    const held = this.content.partitions.get(id);
    return held === undefined ? 'none' : picture(held, held.hardState);
  }

  /** A history that begins with what a log has recovered. */
  static behind(log: NodeLog): History {
    const history = new History();
    for (const { partition, hardState } of log.recovered()) {
      const { first, snapshot, terms, entries } = everything(log.partition(partition));
      const before = snapshotAt(first - 1, Number(terms[0]));
      history.model.create(partition, before);
      void history.model.append([write(partition, entries, hardState)], true);
      history.model.compact(partition, snapshot, before.index);
    }
    history.acknowledge(history.do(() => undefined));
    return history;
  }

  acknowledge(operation: number): void {
    this.durable = Math.max(this.durable, operation);
  }

  allowed(id: PartitionId): string[] {
    const pictures = this.pictures.get(id) ?? [];
    const from = this.durable;
    return this.durable === 0 ? ['none', ...pictures.slice(1)] : pictures.slice(from);
  }

  stored(id: PartitionId): ReturnType<NodeLog['partition']> {
    return this.model.partition(id);
  }
}

function picture(stored: StoredLog, hardState: HardState): string {
  const { first, snapshot, terms, entries } = everything(stored);
  const bodies = entries.map((found) => `${found.index}@${found.term}:${found.data.length}`);
  return JSON.stringify([first, snapshot.index, snapshot.term, terms, bodies, hardState]);
}

const open = (fileSystem: SimulatedDisk): Promise<NodeLog> =>
  openNodeLog({
    directory: '/n1',
    cluster: 'c',
    node: 'n1',
    clock: stillClock,
    fileSystem,
    segmentBytes: 2048,
    tailBytesMax: 1500,
  });

/** Runs a fixed history until it is through or the power fails. */
async function live(log: NodeLog, history: History, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const both = async (operation: (log: NodeLog) => Promise<void> | void): Promise<void> => {
    const number = history.do(operation);
    await operation(log);
    history.acknowledge(number);
  };
  for (const id of PARTITIONS) {
    if (log.recovered().some((found) => found.partition === id)) continue;
    history.do((one) => one.create(id, snapshotAt(0, 0)));
    log.create(id, snapshotAt(0, 0));
  }
  for (let at = 0; at < OPERATIONS; at += 1) {
    const id = PARTITIONS[random.below(3)] as PartitionId;
    const stored = history.stored(id);
    const [first, last] = [stored.firstIndex(), stored.lastIndex()];
    const top = Number(stored.termAt(last));
    const dice = random.below(10);
    if (dice < 6) {
      const others = PARTITIONS.filter((other) => other !== id && random.below(2) === 0);
      const size = random.below(120);
      const writes = [id, ...others].map((one) => {
        const from = history.stored(one).lastIndex() + 1;
        const termOf = Number(history.stored(one).termAt(logIndex(from - 1))) + random.below(2);
        const vote = { term: term(termOf), vote: nodeName('n2'), commit: logIndex(0) };
        return write(one, [entry(from, termOf, 'x'.repeat(size)), entry(from + 1, termOf)], vote);
      });
      await both((one) => one.append(writes, true));
    } else if (dice < 7 && last > first) {
      await both((one) => one.append([write(id, [entry(last, top + 1, 'cut')])], true));
    } else if (dice < 9 && last > first) {
      const upTo = logIndex(Math.max(first, last - random.below(4)));
      const snapshot = snapshotAt(upTo, Number(stored.termAt(upTo)));
      history.do((one) => one.compact(id, snapshot, upTo));
      log.compact(id, snapshot, upTo);
    } else {
      const snapshot = snapshotAt(last + 5, top + 1);
      const installing = { partition: id, snapshot, entries: [], hardState: null };
      await both((one) => one.append([installing], true));
    }
  }
  await log.close();
}

const isPowerLoss = (fault: unknown): boolean =>
  fault instanceof PowerLoss || (fault as LogFailure).cause instanceof PowerLoss;

interface Seen {
  suspects: number;
  openings: number;
}

/**
 * A sound partition is as it was after some operation. One whose newest write was torn after its
 * mark had reached the disk is suspect: it holds no more than such a picture, and no less than
 * what an operation that cut its end would have left.
 */
function expectAllowed(log: NodeLog, history: History, seen: Seen): void {
  seen.openings += 1;
  let suspects = 0;
  for (const id of PARTITIONS) {
    const found = log.recovered().find((one) => one.partition === id);
    expect(found?.state).not.toBe('corrupt');
    const view = found === undefined ? 'none' : picture(log.partition(id), found.hardState);
    if (found?.state !== 'suspect') expect(history.allowed(id)).toContain(view);
    else {
      suspects += 1;
      expect(found.reason).toMatch(/damaged|may be lost/);
      expectPrefix(view, history.allowed(id));
    }
  }
  if (suspects > 0) seen.suspects += 1;
}

function expectPrefix(view: string, allowed: readonly string[]): void {
  type Picture = [number, number, number, (number | null)[], string[], HardState];
  const [first, , , , bodies] = JSON.parse(view) as Picture;
  const pictures = allowed.filter((one) => one !== 'none').map((one) => JSON.parse(one) as Picture);
  const lastOf = ([from, , , , held]: Picture): number => from + held.length - 1;
  const last = first + bodies.length - 1;
  const holder = pictures.find((one) => {
    const [from, , , , held] = one;
    return from === first && bodies.every((body, at) => held[at] === body);
  });
  expect(holder ?? view).toBe(holder);
  expect(last).toBeGreaterThanOrEqual(Math.min(...pictures.map(lastOf)) - 1);
}

/** Lives until `step`, when power fails or the process is killed; true when it came to that. */
async function liveUntil(
  disk: SimulatedDisk,
  before: History | null,
  step: number,
  seed: number,
  seen: Seen,
): Promise<{ cut: boolean; history: History }> {
  disk.cutPowerAfter(step);
  let history = before ?? new History();
  try {
    const log = await open(disk);
    expectAllowed(log, history, seen);
    if (before !== null) history = History.behind(log);
    await live(log, history, seed);
  } catch (fault) {
    if (!isPowerLoss(fault)) throw fault;
    return { cut: true, history };
  }
  return { cut: false, history };
}

/** Two lives of one disk, the first cut at `step`, the second later; then what is left. */
async function crashAt(step: number, seed: number, seen: Seen): Promise<boolean> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: seed * 10_007 + step });
  const first = await liveUntil(disk, null, step, seed, seen);
  if (((step >> 1) + seed) % 2 === 0) disk.crash();
  else disk.kill();
  const killed = { suspects: 0, openings: 0 };
  if (((step >> 1) + seed) % 2 !== 0) {
    const copy = disk.clone(step);
    expectAllowed(await open(copy), first.history, killed);
    // A process that dies leaves what it has written, in the order of writing: never a doubt.
    expect(killed.suspects).toBe(0);
  }
  const second = await liveUntil(disk, first.history, 10 + ((step * 7) % 150), seed + 100, seen);
  disk.crash();
  for (let opening = 0; opening < 2; opening += 1) {
    const log = await open(disk);
    expectAllowed(log, second.history, seen);
    await log.close();
  }
  return first.cut;
}

describe('the log after a power cut', () => {
  it.each([1, 2, 3])('is a state it was in, whichever write was cut (history %i)', async (seed) => {
    let step = 0;
    const seen = { suspects: 0, openings: 0 };
    while (await crashAt(step, seed, seen)) step += 1;
    expect(step).toBeGreaterThan(150);
    expect(seen.suspects).toBeGreaterThan(0);
    expect(seen.suspects).toBeLessThan(seen.openings / 4);
  });

  it('survives a power cut during every step of its own recovery', async () => {
    for (let step = 0, cut = true; cut; step += 1) {
      const disk = new SimulatedDisk({ clock: stillClock, seed: step });
      const history = new History();
      disk.cutPowerAfter(100 + step);
      await live(await open(disk), history, 4).catch(() => undefined);
      disk.crash();
      disk.cutPowerAfter(step);
      cut = await open(disk).then(
        () => false,
        (fault: unknown) => isPowerLoss(fault),
      );
      disk.crash();
      const log = await open(disk);
      expectAllowed(log, history, { suspects: 0, openings: 0 });
      await log.close();
    }
  });
});
