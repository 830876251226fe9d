import { invariant } from '@metad/foundation';
import type { LogTime, Term } from '@metad/foundation';
import type { StoredRecord } from '@metad/eventsourcing';
import type { RecordRows } from './record-rows.js';

/**
 * When times to live end.
 *
 * A lease is measured by one leader's clock alone: when the first entry with a log time of a new
 * term is applied, every lease has its full time again (`startedAt`), so neither a leader change
 * nor two clocks that disagree can end one early. That grant is arithmetic, not a walk over the
 * records: a lease ends at the later of what its record says and `startedAt` plus its time.
 *
 * The schedule is a heap of rows by a time that is at most too early: a renewal does not touch it,
 * and a row found too early goes back in with its real time. Only the leader takes from it; what
 * the others gather is bounded by sweeping when more than half may be stale.
 */
export class LeaseSchedule {
  term: Term = 0 as Term;
  startedAt: LogTime = 0 as LogTime;
  private heap: Due[] = [];
  private sweepAt = SWEEP_MIN;

  /** `read`: the record of a row. */
  constructor(
    private readonly rows: RecordRows,
    private readonly read: (row: number) => StoredRecord,
  ) {}

  /** Rows held, stale ones included. */
  get size(): number {
    return this.heap.length;
  }

  /** False when no lease can end: the leader need not measure. */
  get hasLeases(): boolean {
    return this.heap.length > 0;
  }

  /** Called with every entry that has a log time. */
  observe(term: Term, time: LogTime): void {
    if (term === this.term) return;
    this.term = term;
    this.startedAt = time;
  }

  /** Log time at which a lease really ends, of which the record says this; null for none. */
  endOf(expiresAt: LogTime | null, ttlMs: number): LogTime | null {
    if (expiresAt === null) return null;
    const granted = this.startedAt + ttlMs;
    return (granted > expiresAt ? granted : expiresAt) as LogTime;
  }

  /** The record of this row has a lease, which does not end before `at`. */
  add(row: number, at: LogTime): void {
    const scheduledAt = this.rows.scheduledAtOf(row);
    if (scheduledAt !== null && scheduledAt <= at) return;
    // An older, later entry of this row is recognised by its time.
    this.rows.setScheduledAt(row, at);
    this.push({ at, row });
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
      const { row } = first;
      const isStale = this.rows.scheduledAtOf(row) !== first.at;
      const end = isStale ? null : this.endOfRow(row);
      if (end === null) {
        if (!isStale) this.rows.setScheduledAt(row, null);
        this.pop();
      } else {
        if (end <= now) due.push(this.read(row));
        first.at = (end <= now ? now + retryMs : end) as LogTime;
        this.rows.setScheduledAt(row, first.at);
        this.sink(0);
      }
    }
    return due;
  }

  /** Null also when the row's record is gone. */
  private endOfRow(row: number): LogTime | null {
    const { rows } = this;
    return rows.isTaken(row) ? this.endOf(rows.expiresAtOf(row), rows.ttlMsOf(row)) : null;
  }

  /** Drops what is stale; costs no more than the additions since the last time. */
  private sweep(): void {
    const kept: Due[] = [];
    for (const due of this.heap) {
      const { row } = due;
      if (this.rows.scheduledAtOf(row) !== due.at) continue;
      if (this.endOfRow(row) !== null) kept.push(due);
      else this.rows.setScheduledAt(row, null);
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
  /** Not later than the end of the row's lease. */
  at: LogTime;
  readonly row: number;
}

const SWEEP_MIN = 1_024;
