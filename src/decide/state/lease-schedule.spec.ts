import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex, logTime, term } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import { LeaseSchedule } from './lease-schedule.js';
import type { RecordSlot } from './record-slot.js';

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
const hash = { high: 0, low: 0, bytes: 0 };

describe('the lease schedule', () => {
  it('finds exactly what is over, whatever was added, moved and removed', () => {
    const change = fc.record({
      slot: fc.nat(9),
      to: fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constant(null)),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.nat(1_000), (changes, now) => {
        const schedule = new LeaseSchedule(() => 0);
        const slots = new Map<number, RecordSlot>();
        for (const { slot: number, to } of changes) {
          const slot = slots.get(number);
          if (to === null) {
            if (slot !== undefined) slot.record = null;
            slots.delete(number);
            continue;
          }
          const kept = slot ?? { record: null, hash, scheduledAt: null };
          kept.record = record(`i${number}`, to);
          slots.set(number, kept);
          schedule.add(kept, logTime(to));
        }
        const wanted = [...slots.values()].flatMap((slot) =>
          slot.record !== null && Number(slot.record.expiresAt) <= now ? [slot.record.key] : [],
        );
        const due = schedule.takeDue(logTime(now), 100, 5_000).map(({ key }) => key);
        expect(due.sort()).toEqual(wanted.sort());
        expect(schedule.takeDue(logTime(now), 100, 5_000)).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('stays small where nobody takes from it: stale slots are swept', () => {
    const schedule = new LeaseSchedule(() => 0);
    for (let at = 0; at < 50_000; at += 1) {
      const slot: RecordSlot = { record: record(`i${at}`, at + 1), hash, scheduledAt: null };
      schedule.add(slot, logTime(at + 1));
      slot.record = null;
    }
    expect(schedule.size).toBeLessThanOrEqual(1_025);
  });

  it('grants full time from the first moment of a new term', () => {
    const schedule = new LeaseSchedule(() => 500);
    schedule.observe(term(1), logTime(0));
    const held = record('i', 500);
    expect(schedule.endOf(held)).toBe(500);
    schedule.observe(term(2), logTime(490));
    schedule.observe(term(2), logTime(900));
    expect(schedule.endOf(held)).toBe(990);
  });
});
