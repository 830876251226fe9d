import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, partitionId, term } from '@metad/foundation';
import type { Entry } from '../../../core/index.js';
import { PartitionLog } from './partition-log.js';
import { Slot } from './record-slots.js';
import { SegmentUse } from './segment-use.js';
import { TailBudget } from './tail-budget.js';

const bytesMax = 20_000;
const conf = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };

/** A log with a budget shared by several, beside the list of what it should hold. */
class Bench {
  readonly log: PartitionLog;
  model: Entry[] = [];
  first = 1;
  private termNow = 1;

  constructor(
    id: number,
    private readonly budget: TailBudget,
  ) {
    const onDisk = {
      entriesAt: (slot: Slot) => this.read(slot.first, slot.first + slot.count),
    };
    this.log = new PartitionLog(partitionId(id), onDisk, budget, new SegmentUse());
  }

  append(count: number, size: number, batch: number): void {
    const next = this.first + this.model.length;
    const entries = Array.from({ length: count }, (_, at) => this.entryAt(next + at, size));
    this.model.push(...entries);
    this.log.append(entries, batch);
    const slot = new Slot();
    slot.first = next;
    slot.count = count;
    this.log.slots.push(slot);
  }

  truncate(kept: number): void {
    this.termNow += 1;
    this.model.length = Math.max(0, Math.min(this.model.length, kept));
    this.log.truncate(logIndex(this.first + this.model.length - 1));
  }

  compact(count: number): void {
    const dropped = this.model.splice(0, count);
    const last = dropped[dropped.length - 1];
    if (last === undefined) return;
    this.first = last.index + 1;
    this.log.compact({ index: last.index, term: last.term, conf }, last.index);
  }

  evict(batch: number): void {
    this.budget.evict(batch);
  }

  check(): void {
    if (this.model.length === 0) return;
    const [from, to] = [logIndex(this.first), logIndex(this.first + this.model.length)];
    expect(this.log.entries(from, to, Infinity)).toEqual(this.model);
    for (const entry of this.model) expect(this.log.termAt(entry.index)).toBe(entry.term);
  }

  private read(from: number, to: number): readonly Entry[] {
    const known = this.model.slice(Math.max(0, from - this.first), to - this.first);
    const before = Array.from({ length: Math.max(0, this.first - from) }, (_, at) =>
      this.entryAt(from + at, 0),
    );
    return [...before, ...known];
  }

  private entryAt(index: number, size: number): Entry {
    const data = new Uint8Array(size);
    return {
      index: logIndex(index),
      term: term(this.termNow),
      kind: 'command',
      data,
      change: null,
    };
  }
}

const op = fc.record({
  at: fc.nat(3),
  kind: fc.constantFrom('append', 'append', 'append', 'append', 'truncate', 'compact', 'evict'),
  count: fc.integer({ min: 1, max: 12 }),
});

describe('the budget of tails', () => {
  it('keeps what it should over many logs, whatever is cut and compacted meanwhile', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 50, maxLength: 400 }), (ops) => {
        const budget = new TailBudget(bytesMax);
        const benches = [0, 1, 2, 3].map((id) => new Bench(id, budget));
        let batch = 0;
        for (const { at, kind, count } of ops) {
          const bench = benches[at] as Bench;
          if (kind === 'append') bench.append(count, count, (batch += 1));
          else if (kind === 'truncate') bench.truncate(bench.model.length - count);
          else if (kind === 'compact') bench.compact(count);
          else bench.evict(batch);
          bench.check();
        }
        budget.evict(batch);
        expect(budget.bytes).toBeLessThanOrEqual(bytesMax);
        for (const bench of benches) bench.check();
        for (const bench of benches) bench.compact(Infinity);
        expect(budget.bytes).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('keeps what is not on disk yet, beyond its limit', () => {
    const budget = new TailBudget(1);
    const bench = new Bench(1, budget);
    for (let batch = 1; batch <= 200; batch += 1) bench.append(1, 10, batch);
    budget.evict(100);
    expect(budget.bytes).toBe(100 * 210);
    budget.evict(200);
    expect(budget.bytes).toBe(0);
    bench.check();
  });
});
