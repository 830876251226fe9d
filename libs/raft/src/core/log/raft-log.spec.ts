import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, nodeName, term } from '@metad/foundation';
import type { LogIndex, Term } from '@metad/foundation';
import type { Entry } from '../entry.js';
import type { SnapshotMeta } from '../ready.js';
import { MemoryLog } from '../../testing/memory-log.js';
import { confOf } from '../../testing/replica-group.js';
import { RaftLog } from './raft-log.js';

const conf = confOf([nodeName('n1')]);
const entryAt = (index: number, entryTerm: number): Entry => ({
  index: logIndex(index),
  term: term(entryTerm),
  kind: 'command',
  data: new Uint8Array(2),
  change: null,
});

interface Write {
  readonly entries: readonly Entry[];
  readonly snapshot: SnapshotMeta | null;
}

/** The log under test beside a list that says what it should hold, and a disk that lags behind. */
class Bench {
  readonly stored = new MemoryLog(conf);
  readonly log = new RaftLog(this.stored, logIndex(0), logIndex(0), term(0));
  model: Entry[] = [];
  base = { index: 0, term: 0 };
  term = 1;
  writes: Write[] = [];
  applied: Entry[] = [];

  get last(): number {
    return this.base.index + this.model.length;
  }

  append(from: number, count: number): void {
    const first = Math.min(Math.max(from, this.log.commitIndex + 1), this.last + 1);
    if (first <= this.last) this.term += 1;
    const entries = Array.from({ length: count }, (_, at) => entryAt(first + at, this.term));
    this.log.append(entries);
    this.model.length = first - this.base.index - 1;
    this.model.push(...entries);
  }

  restore(ahead: number): void {
    this.term += 1;
    const index = logIndex(this.log.commitIndex + 1 + ahead);
    this.log.restore({ index, term: term(this.term), conf });
    this.base = { index, term: this.term };
    this.model = [];
  }

  take(): void {
    const snapshot = this.log.takeSnapshot();
    const entries = this.log.takeEntries();
    const last = entries[entries.length - 1];
    const at: [LogIndex, Term] = [last?.index ?? logIndex(0), last?.term ?? term(0)];
    this.log.writing(...at, snapshot?.index ?? logIndex(0), term(0));
    this.writes.push({ entries, snapshot });
  }

  finish(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    this.stored.write(write.entries, write.snapshot);
    const last = write.entries[write.entries.length - 1];
    const snapshotIndex = write.snapshot?.index ?? logIndex(0);
    this.log.written(last?.index ?? logIndex(0), last?.term ?? term(0), snapshotIndex);
    if (snapshotIndex > this.log.appliedIndex) this.log.applied(snapshotIndex);
  }

  apply(): void {
    const entries = this.log.takeCommitted(120);
    this.applied.push(...entries);
    const last = entries[entries.length - 1];
    if (last !== undefined) this.log.applied(last.index);
  }

  check(): void {
    const { log, model, base } = this;
    expect(log.lastIndex).toBe(this.last);
    expect(log.firstIndex()).toBeLessThanOrEqual(log.lastIndex + 1);
    model.forEach((entry) => expect(log.termAt(entry.index)).toBe(entry.term));
    expect(log.termAt(logIndex(base.index))).toBe(base.term);
    expect(log.termAt(logIndex(this.last + 1))).toBe(null);
    for (let from = base.index + 1; from <= this.last;) {
      const read = log.read(logIndex(from), 120) ?? [];
      expect(read).toEqual(model.slice(from - base.index - 1, from - base.index - 1 + read.length));
      expect(read.length).toBeGreaterThan(0);
      from += read.length;
    }
    // What is called stable is on disk, as it is in the log.
    for (const entry of model) {
      if (entry.index <= log.stableIndex) expect(this.stored.termAt(entry.index)).toBe(entry.term);
    }
  }
}

const op = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('append' as const), fc.nat(30), fc.nat(4)) },
  {
    weight: 8,
    arbitrary: fc.tuple(
      fc.constantFrom('take' as const, 'finish' as const, 'commit' as const, 'apply' as const),
      fc.nat(5),
      fc.nat(5),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restore' as const), fc.nat(20), fc.nat(1)) },
);

function perform(bench: Bench, [what, a, b]: readonly [string, number, number]): void {
  const { log } = bench;
  if (what === 'append') bench.append(a, b + 1);
  if (what === 'take') bench.take();
  if (what === 'finish') bench.finish();
  if (what === 'apply') bench.apply();
  if (what === 'commit') log.commitTo(logIndex(Math.min(log.commitIndex + a, log.lastIndex)));
  // As a follower does: what it has is not installed again.
  const target = log.commitIndex + 1 + a;
  if (what === 'restore' && target > log.lastIndex) bench.restore(a);
}

describe('the log of a replica', () => {
  it('holds what was appended, whatever is on disk, and calls stable only what is there', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
        const bench = new Bench();
        for (const next of ops) {
          perform(bench, next);
          bench.check();
        }
        while (bench.writes.length > 0) bench.finish();
        bench.take();
        bench.finish();
        expect(bench.log.stableIndex).toBe(bench.log.lastIndex);
      }),
      { numRuns: 300 },
    );
  });

  it('hands out every committed entry once, in order, and only when it is durable', () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
        const bench = new Bench();
        for (const next of ops) {
          if (next[0] === 'restore') continue;
          perform(bench, next);
          expect(bench.log.handedIndex).toBeLessThanOrEqual(bench.log.stableIndex);
        }
        expect(bench.applied).toEqual(bench.model.slice(0, bench.applied.length));
      }),
    );
  });

  it('points, when logs conflict, at the last entry whose term is not too high', () => {
    const bench = new Bench();
    bench.append(1, 3);
    bench.term = 4;
    bench.append(4, 2);
    expect(bench.log.conflictHint(logIndex(9), term(9))).toBe(5);
    expect(bench.log.conflictHint(logIndex(5), term(3))).toBe(3);
    expect(bench.log.conflictHint(logIndex(2), term(1))).toBe(2);
    expect(bench.log.conflictHint(logIndex(3), term(0))).toBe(0);
  });

  it('knows nothing below a snapshot that is being installed', () => {
    const bench = new Bench();
    bench.append(1, 3);
    bench.restore(5);
    expect(bench.log.termAt(logIndex(3))).toBe(null);
    expect(() => bench.log.read(logIndex(3), 100)).toThrow('reads nothing below');
    expect(bench.log.firstIndex()).toBe(7);
    expect(bench.log.lastPending()).toBe(null);
  });

  it('refuses what would break it', () => {
    const bench = new Bench();
    bench.append(1, 3);
    expect(() => bench.log.append([entryAt(5, 1)])).toThrow('no holes');
    expect(() => bench.log.commitTo(logIndex(4))).toThrow('beyond the end');
    bench.log.commitTo(logIndex(2));
    expect(() => bench.log.append([entryAt(2, 2)])).toThrow('never replaced');
    expect(() => bench.log.commitTo(logIndex(1))).toThrow('never goes back');
    expect(() => bench.log.applied(logIndex(1))).toThrow('handed out');
    expect(() => bench.log.restore({ index: logIndex(2), term: term(1), conf })).toThrow('newer');
    expect(() => bench.log.written(logIndex(3), term(1), logIndex(0))).toThrow('in the order');
  });

  it('does not begin with less than it remembers to have committed or applied', () => {
    const begin = (commit: number, applied: number) => (): RaftLog =>
      new RaftLog(new MemoryLog(conf), logIndex(commit), logIndex(applied), term(0));
    expect(begin(1, 0)).toThrow('reaches its commit index');
    expect(begin(0, 1)).toThrow('reaches what was applied');
  });
});
