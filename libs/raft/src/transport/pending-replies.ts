import type { Clock, NodeName } from '@metad/foundation';
import type { ReplyHandler, SendFailure } from './transport-port.js';

/** How far apart deadlines are looked at; a time-out is late by at most this, milliseconds. */
const sweepMs = 25;
/** Slots of the wheel; a deadline beyond them is put off when its slot comes by. */
const slotsCount = 256;

/** A request that waits: whom it asked, and the counter that its answer must repeat. */
export interface Pending {
  readonly to: NodeName;
  counter: number;
  /** As sent, for a second try should its counter be refused; null when there is none. */
  frame: Uint8Array | null;
  readonly onReply: ReplyHandler;
  readonly deadline: number;
}

/**
 * Requests that wait for their reply, by number. One timer wheel serves them all: a request costs
 * two map operations and one array push, and no timer of its own. The wheel turns only while
 * something waits.
 */
export class PendingReplies {
  private readonly byId = new Map<number, Pending>();
  /** Ids by the sweep that looks at them; those answered since are skipped then. */
  private readonly slots: number[][] = Array.from({ length: slotsCount }, () => []);
  private sweeps = 0;
  private lastId = 0;
  private cancelSweep: (() => void) | null = null;

  constructor(private readonly clock: Clock) {}

  get size(): number {
    return this.byId.size;
  }

  /** Registers a request and returns its number. */
  add(timeoutMs: number, to: NodeName, counter: number, onReply: ReplyHandler): number {
    const id = ++this.lastId;
    const deadline = this.clock.monotonic() + timeoutMs;
    this.byId.set(id, { to, counter, frame: null, onReply, deadline });
    this.place(id, timeoutMs);
    this.cancelSweep ??= this.clock.after(sweepMs, this.sweep);
    return id;
  }

  get(id: number): Pending | undefined {
    return this.byId.get(id);
  }

  /** Ends a request; false when it has ended before (a late or repeated reply). */
  settle(id: number, failure: SendFailure | null, reply: Uint8Array | null): boolean {
    const pending = this.byId.get(id);
    if (pending === undefined) return false;
    this.byId.delete(id);
    pending.onReply(failure, reply);
    return true;
  }

  /** Ends every request with `failure`. */
  failAll(failure: SendFailure): void {
    this.cancelSweep?.();
    this.cancelSweep = null;
    for (const slot of this.slots) slot.length = 0;
    for (const id of [...this.byId.keys()]) this.settle(id, failure, null);
  }

  private place(id: number, delayMs: number): void {
    const ahead = Math.min(Math.ceil(delayMs / sweepMs) + 1, slotsCount - 1);
    this.slots[(this.sweeps + Math.max(1, ahead)) % slotsCount]?.push(id);
  }

  private readonly sweep = (): void => {
    this.cancelSweep = null;
    this.sweeps += 1;
    const at = this.sweeps % slotsCount;
    const due = this.slots[at] ?? [];
    this.slots[at] = [];
    const now = this.clock.monotonic();
    for (const id of due) {
      const pending = this.byId.get(id);
      if (pending === undefined) continue;
      if (pending.deadline > now) this.place(id, pending.deadline - now);
      else this.settle(id, 'timeout', null);
    }
    if (this.byId.size > 0) this.cancelSweep ??= this.clock.after(sweepMs, this.sweep);
  };
}
