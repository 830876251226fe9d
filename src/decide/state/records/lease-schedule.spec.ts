import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, logTime, term } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import { LeaseSchedule } from './lease-schedule.js';
import { RecordRows } from './record-rows.js';

const record = (key: string, expiresAt: number): StoredRecord => ({
  kind: 'instance',
  namespace: 'prod',
  key,
  version: 1,
  fence: null,
  value: {},
  createdAt: logTime(0),
  updatedAt: logTime(0),
  index: logIndex(1),
  expiresAt: logTime(expiresAt),
});
/** Rows with leases, as records have them. */
class Leases {
  readonly rows = new RecordRows();
  readonly held = new Map<number, StoredRecord>();
  readonly schedule = new LeaseSchedule(this.rows, (row) => this.held.get(row) as StoredRecord);
  private readonly numbers = new Map<string, number>();

  set(key: string, expiresAt: number, ttlMs = 0): void {
    const { rows } = this;
    const row = this.numbers.get(key) ?? rows.take();
    this.numbers.set(key, row);
    this.held.set(row, record(key, expiresAt));
    rows.setPlace(row, 0, 0, 1);
    rows.setTtlMs(row, ttlMs);
    rows.setExpiresAt(row, logTime(expiresAt));
    this.schedule.add(row, logTime(expiresAt));
  }

  remove(key: string): void {
    const row = this.numbers.get(key);
    if (row === undefined) return;
    this.rows.release(row);
    this.held.delete(row);
    this.numbers.delete(key);
  }

  /** Keys of what has ended, by the plainest means. */
  over(now: number): string[] {
    const records = [...this.held.values()];
    return records.filter(({ expiresAt }) => Number(expiresAt) <= now).map(({ key }) => key);
  }
}

describe('the lease schedule', () => {
  it('finds exactly what is over, whatever was added, moved and removed', () => {
    const change = fc.record({
      slot: fc.nat(9),
      to: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.nat(1_000), (changes, now) => {
        const leases = new Leases();
        for (const { slot, to } of changes) {
          if (to === null) leases.remove(`i${slot}`);
          else leases.set(`i${slot}`, to);
        }
        const { schedule } = leases;
        const wanted = leases.over(now);
        const due = schedule.takeDue(logTime(now), 100, 5_000).map(({ key }) => key);
        expect(due.sort()).toEqual(wanted.sort());
        expect(schedule.takeDue(logTime(now), 100, 5_000)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays small where nobody takes from it: stale rows are swept', () => {
    const leases = new Leases();
    for (let at = 0; at < 50_000; at += 1) {
      leases.set(`i${at}`, at + 1);
      leases.remove(`i${at}`);
    }
    expect(leases.schedule.size).toBeLessThanOrEqual(1_025);
  });

  it('grants full time from the first moment of a new term', () => {
    const { schedule } = new Leases();
    schedule.observe(term(1), logTime(0));
    expect(schedule.endOf(logTime(500), 500)).toBe(500);
    schedule.observe(term(2), logTime(490));
    schedule.observe(term(2), logTime(900));
    expect(schedule.endOf(logTime(500), 500)).toBe(990);
  });
});
