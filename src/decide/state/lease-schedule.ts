import { invariant } from '@metad/foundation';
import type { LogTime, Term } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import type { RecordSlot } from './record-slot.js';

/**
 * When times to live end.
 *
 * A lease is measured by one leader's clock alone: when the first entry with a log time of a new
 * term is applied, every lease has its full time again (`startedAt`), so neither a leader change
 * nor two clocks that disagree can end one early. That grant is arithmetic, not a walk over the
 * records: a lease ends at the later of what its record says and `startedAt` plus its time.
 *
 * The schedule is a heap of slots by a time that is at most too early: a renewal does not touch it,
 * and a slot found too early goes back in with its real time. Only the leader takes from it; what
 * the others gather is bounded by sweeping when more than half may be stale.
 */
export class LeaseSchedule {
  term: Term = 0 as Term;
  startedAt: LogTime = 0 as LogTime;
  private heap: Due[] = [];
  private sweepAt = SWEEP_MIN;

  constructor(private readonly ttlMsOf: (record: StoredRecord) => number | null) {}

  /** False when no lease can end: the leader need not measure. */
  /** Slots held, stale ones included. */
  get size(): number {
    return this.heap.length;
  }

  get hasLeases(): boolean {
    return this.heap.length > 0;
  }

  /** Called with every entry that has a log time. */
  observe(term: Term, time: LogTime): void {
    if (term === this.term) return;
    this.term = term;
    this.startedAt = time;
  }

  /** Log time at which the record's lease ends; null when it has none. */
  endOf(record: StoredRecord): LogTime | null {
    if (record.expiresAt === null) return null;
    const granted = this.startedAt + (this.ttlMsOf(record) ?? 0);
    return (granted > record.expiresAt ? granted : record.expiresAt) as LogTime;
  }

  add(slot: RecordSlot, at: LogTime): void {
    if (slot.scheduledAt !== null && slot.scheduledAt <= at) return;
    slot.scheduledAt = at; // An older, later entry of this slot is recognised by its time.
    this.push({ at, slot });
    if (this.heap.length > this.sweepAt) this.sweep();
  }

  /**
   * Records whose lease has ended at `now`, at most `limit`. Each comes again after `retryMs`
   * unless an entry has ended its lease by then.
   */
  takeDue(now: LogTime, limit: number, retryMs: number): StoredRecord[] {
    invariant(retryMs > 0, 'what is due comes again later, not at once');
    const due: StoredRecord[] = [];
    while (due.length < limit) {
      const first = this.heap[0];
      if (first === undefined || first.at > now) break;
      const { slot } = first;
      const record = slot.record;
      const end = record === null ? null : this.endOf(record);
      if (record === null || end === null || slot.scheduledAt !== first.at) {
        if (slot.scheduledAt === first.at) slot.scheduledAt = null;
        this.pop();
      } else {
        if (end <= now) due.push(record);
        first.at = (end <= now ? now + retryMs : end) as LogTime;
        slot.scheduledAt = first.at;
        this.sink(0);
      }
    }
    return due;
  }

  /** Drops what is stale; costs no more than the additions since the last time. */
  private sweep(): void {
    const kept: Due[] = [];
    for (const due of this.heap) {
      const { slot } = due;
      if (slot.scheduledAt !== due.at) continue;
      if (slot.record !== null && slot.record.expiresAt !== null) kept.push(due);
      else slot.scheduledAt = null;
    }
    this.heap = kept;
    for (let at = (kept.length >> 1) - 1; at >= 0; at -= 1) this.sink(at);
    this.sweepAt = Math.max(SWEEP_MIN, kept.length * 2);
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.length;
    heap.push(due);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Due;
      if (above.at <= due.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): void {
    const last = this.heap.pop() as Due;
    if (this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private sink(from: number): void {
    const { heap } = this;
    const due = heap[from] as Due;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.at < (heap[child] as Due).at) child += 1;
      const below = heap[child] as Due;
      if (below.at >= due.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = due;
  }
}

interface Due {
  /** Not later than the end of the slot's lease. */
  at: LogTime;
  readonly slot: RecordSlot;
}

const SWEEP_MIN = 1_024;
