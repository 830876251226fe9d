import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import { AppliedLog, appendWorkload, partitionsUpTo } from '../../test/fixtures/applied-log.js';
import { EntryRing } from './entry-ring.js';
import { ReaderMarks } from './reader-marks.js';

const one = partitionId(1);
const limits = { entriesMax: 500, bytesMax: 1e9, entriesMin: 50 };

function ringWith(marks: ReaderMarks) {
  const log = new AppliedLog(partitionsUpTo(1));
  appendWorkload(log, 5, 400);
  const ring = new EntryRing(limits, (partition) => marks.lowest(partition));
  const push = (from: number, to: number): void => {
    for (let at = from; at <= to; at += 1) ring.push(log.entryAt(one, logIndex(at)), 1);
  };
  return { ring, push };
}

describe('entries in memory', () => {
  it('stay while a reader stands before them, and go when nobody does', () => {
    let now = 0;
    const marks = new ReaderMarks(() => now);
    const { ring, push } = ringWith(marks);
    push(1, 10);
    marks.moved(one, logIndex(0), logIndex(10));
    push(11, 300);
    expect(ring.holds(one, logIndex(10))).toBe(true);
    marks.moved(one, logIndex(10), logIndex(300));
    push(301, 390);
    expect(ring.holds(one, logIndex(200))).toBe(false);
    expect(ring.holds(one, logIndex(340))).toBe(true);
    now += 3_600_000;
    push(391, 400);
    expect(ring.holds(one, logIndex(350))).toBe(true);
    expect(ring.holds(one, logIndex(300))).toBe(false);
  });

  it('are kept for the slowest of several readers', () => {
    const marks = new ReaderMarks(() => 0);
    const { ring, push } = ringWith(marks);
    push(1, 10);
    marks.moved(one, logIndex(0), logIndex(10));
    marks.moved(one, logIndex(0), logIndex(10));
    push(11, 200);
    marks.moved(one, logIndex(10), logIndex(200));
    push(201, 300);
    expect(ring.holds(one, logIndex(10))).toBe(true);
  });

  it('are let go ahead of time when there are more readers than are followed', () => {
    const marks = new ReaderMarks(() => 0);
    for (let at = 1; at <= 40; at += 1) marks.moved(one, logIndex(0), logIndex(at));
    expect(marks.lowest(one)).toBe(1);
  });
});
