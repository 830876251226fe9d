import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import { MemoryNodeLog } from '../../libs/raft/src/storage/memory/memory-node-log.js';
import type { NodeLog, PartitionWrite } from '../../libs/raft/src/storage/log-port.js';
import type { StoredLog } from '../../libs/raft/src/core/index.js';
import { entry, everything, snapshotAt, write } from './log-material.js';

/** A place where a log can be closed and opened again. */
export interface LogHarness {
  open(): Promise<NodeLog>;
  dispose(): Promise<void>;
}

const p1 = partitionId(1);
const p2 = partitionId(2);

function picture(log: NodeLog): unknown {
  return log.recovered().map(({ partition, hardState, state }) => ({
    partition,
    hardState,
    state,
    ...everything(log.partition(partition)),
  }));
}

const terms = (stored: StoredLog): (number | null)[] => {
  const found: (number | null)[] = [];
  for (let at = stored.firstIndex() - 1; at <= stored.lastIndex() + 1; at += 1) {
    found.push(stored.termAt(logIndex(at)));
  }
  return found;
};

/** What every log must do, whatever it is made of. */
export function describeNodeLog(name: string, start: () => Promise<LogHarness>): void {
  describe(`the ${name} log`, () => {
    let harness: LogHarness;
    let log: NodeLog;
    const reopen = async (): Promise<void> => {
      await log.close();
      log = await harness.open();
    };

    beforeEach(async () => {
      harness = await start();
      log = await harness.open();
    });
    afterEach(async () => {
      await log.close();
      await harness.dispose();
    });

    it('begins empty, and says that it did', async () => {
      expect(log.recovered()).toEqual([]);
      expect(log.report().fresh).toBe(true);
      log.create(p1, snapshotAt(0, 0));
      const stored = log.partition(p1);
      expect([stored.firstIndex(), stored.lastIndex(), stored.termAt(logIndex(0))]).toEqual([
        1, 0, 0,
      ]);
      await log.append([], true);
      await reopen();
      expect(log.report().fresh).toBe(false);
      expect(log.recovered().map((found) => found.partition)).toEqual([1]);
    });

    it('shows an entry at once and keeps it after a restart', async () => {
      log.create(p1, snapshotAt(0, 0));
      const appended = log.append([write(p1, [entry(1, 1), entry(2, 1, 'b'), entry(3, 2)])], true);
      expect(log.partition(p1).lastIndex()).toBe(3);
      await appended;
      await reopen();
      expect(terms(log.partition(p1))).toEqual([0, 1, 1, 2, null]);
      expect(log.partition(p1).entries(logIndex(2), logIndex(3), 1)).toEqual([entry(2, 1, 'b')]);
      expect(log.lastTerm(p1)).toBe(2);
    });

    it('gives entries up to a limit of bytes, and always at least one', async () => {
      log.create(p1, snapshotAt(0, 0));
      const entries = [1, 2, 3, 4].map((index) => entry(index, 1, 'x'.repeat(100)));
      await log.append([write(p1, entries)], true);
      for (const again of [false, true]) {
        if (again) await reopen();
        const stored = log.partition(p1);
        expect(stored.entries(logIndex(1), logIndex(5), 0)).toEqual(entries.slice(0, 1));
        expect(stored.entries(logIndex(1), logIndex(5), 300)).toEqual(entries.slice(0, 2));
        expect(stored.entries(logIndex(2), logIndex(4), 1e9)).toEqual(entries.slice(1, 3));
      }
    });

    it('replaces a conflicting tail', async () => {
      log.create(p1, snapshotAt(0, 0));
      await log.append([write(p1, [entry(1, 1), entry(2, 1, 'old'), entry(3, 1, 'old')])], true);
      await log.append([write(p1, [entry(2, 3, 'new')])], true);
      for (const again of [false, true]) {
        if (again) await reopen();
        expect(everything(log.partition(p1)).entries).toEqual([entry(1, 1), entry(2, 3, 'new')]);
        expect(terms(log.partition(p1))).toEqual([0, 1, 3, null]);
      }
    });

    it('remembers term and vote, and a vote given to nobody', async () => {
      log.create(p1, snapshotAt(0, 0));
      log.create(p2, snapshotAt(0, 0));
      const voted = { term: term(7), vote: nodeName('n2'), commit: logIndex(0) };
      const silent = { term: term(9), vote: null, commit: logIndex(0) };
      await log.append([write(p1, [], voted), write(p2, [], silent)], true);
      await reopen();
      expect(log.recovered().map((found) => found.hardState)).toEqual([voted, silent]);
    });

    it('starts over behind an installed snapshot', async () => {
      log.create(p1, snapshotAt(0, 0));
      await log.append([write(p1, [entry(1, 1), entry(2, 1)])], true);
      const installed = snapshotAt(100, 5);
      const installing: PartitionWrite = {
        partition: p1,
        snapshot: installed,
        entries: [entry(101, 6)],
        hardState: { term: term(6), vote: null, commit: logIndex(100) },
      };
      await log.append([installing], true);
      for (const again of [false, true]) {
        if (again) await reopen();
        const stored = log.partition(p1);
        expect(stored.snapshot()).toEqual(installed);
        expect(terms(stored)).toEqual([5, 6, null]);
        expect(stored.entries(logIndex(2), logIndex(3), 1)).toBe(null);
      }
    });

    it('drops what a snapshot covers and keeps what a slow reader still needs', async () => {
      log.create(p1, snapshotAt(0, 0));
      const entries = Array.from({ length: 20 }, (_, at) => entry(at + 1, 1 + (at >> 3)));
      await log.append([write(p1, entries)], true);
      log.compact(p1, snapshotAt(15, 2), logIndex(10));
      for (const again of [false, true]) {
        if (again) await reopen();
        const stored = log.partition(p1);
        expect([stored.firstIndex(), stored.lastIndex()]).toEqual([11, 20]);
        expect(stored.termAt(logIndex(10))).toBe(2);
        expect(stored.termAt(logIndex(9))).toBe(null);
        expect(stored.snapshot().index).toBe(15);
        expect(everything(stored).entries).toEqual(entries.slice(10));
        expect(stored.entries(logIndex(10), logIndex(11), 1)).toBe(null);
      }
    });

    it('never goes back to an older snapshot', async () => {
      log.create(p1, snapshotAt(0, 0));
      const entries = Array.from({ length: 20 }, (_, at) => entry(at + 1, 1));
      await log.append([write(p1, entries)], true);
      log.compact(p1, snapshotAt(15, 1), logIndex(15));
      expect(() => log.compact(p1, snapshotAt(12, 1), logIndex(12))).toThrow('goes back');
      await reopen();
      expect(log.partition(p1).snapshot().index).toBe(15);
      expect(log.partition(p1).firstIndex()).toBe(16);
    });

    it('compacts to nothing and goes on', async () => {
      log.create(p1, snapshotAt(0, 0));
      await log.append([write(p1, [entry(1, 1), entry(2, 4)])], true);
      log.compact(p1, snapshotAt(2, 4), logIndex(2));
      await log.append([write(p1, [entry(3, 4)])], true);
      await reopen();
      expect(everything(log.partition(p1)).entries).toEqual([entry(3, 4)]);
      expect(log.partition(p1).termAt(logIndex(2))).toBe(4);
    });

    it('keeps several writes apart that are under way together', async () => {
      log.create(p1, snapshotAt(0, 0));
      log.create(p2, snapshotAt(40, 3));
      const pending: Promise<void>[] = [];
      for (let index = 1; index <= 50; index += 1) {
        pending.push(log.append([write(p1, [entry(index, 1)])], index % 3 === 0));
        pending.push(log.append([write(p2, [entry(40 + index, 3)])], true));
        if (index % 10 === 0) await pending[pending.length - 1];
      }
      await Promise.all(pending);
      await reopen();
      expect(log.partition(p1).lastIndex()).toBe(50);
      expect(log.partition(p2).lastIndex()).toBe(90);
    });

    it('is equal to a plain list after any history', async () => {
      const model = new MemoryNodeLog();
      for (const id of [p1, p2]) for (const one of [log, model]) one.create(id, snapshotAt(0, 0));
      const steps = fc.sample(fc.tuple(fc.nat(99), fc.nat(1), fc.nat(40)), {
        numRuns: 300,
        seed: 4,
      });
      for (const [what, which, size] of steps) {
        await applyStep([log, model], what, which === 0 ? p1 : p2, size);
        if (what === 99) await reopen();
      }
      await reopen();
      expect(picture(log)).toEqual(
        [p1, p2].map((id) => ({
          partition: id,
          hardState: log.recovered()[id - 1]?.hardState,
          state: 'sound',
          ...everything(model.partition(id)),
        })),
      );
    });
  });
}

type Step = (log: NodeLog) => Promise<void> | void;

/** One step of a random history, done to all the logs alike. */
async function applyStep(
  logs: readonly NodeLog[],
  what: number,
  id: typeof p1,
  size: number,
): Promise<void> {
  const step = planStep((logs[0] as NodeLog).partition(id), what, id, size);
  for (const log of logs) await step(log);
}

function planStep(stored: StoredLog, what: number, id: typeof p1, size: number): Step {
  const first = stored.firstIndex();
  const last = stored.lastIndex();
  const top = Number(stored.termAt(last));
  if (what < 70) {
    const data = 'd'.repeat(size * 10);
    const entries = [entry(last + 1, top, data), entry(last + 2, top + 1)];
    return (log) => log.append([write(id, entries)], true);
  }
  if (what < 80 && last > first) {
    const from = Math.max(first, last - (size % 5));
    return (log) => log.append([write(id, [entry(from, top + 1, 'cut')])], size % 2 === 0);
  }
  if (what < 92 && last > first) {
    const upTo = logIndex(Math.max(first, last - size));
    const snapshot = snapshotAt(upTo, Number(stored.termAt(upTo)));
    return (log) => log.compact(id, snapshot, upTo);
  }
  if (what === 92) {
    const snapshot = snapshotAt(last + size, top);
    const installing = [{ partition: id, snapshot, entries: [], hardState: null }];
    return (log) => log.append(installing, true);
  }
  return () => undefined;
}
