import type { LogIndex } from '@metad/foundation';
import type { Replica } from '../../core/index.js';
import { NoLeaderError } from '../raft-node-port.js';

interface ReadWaiter {
  readonly resolve: (index: LogIndex) => void;
  readonly reject: (error: Error) => void;
  /** Monotonic milliseconds. */
  readonly deadline: number;
}

interface ReadRound {
  readonly waiters: ReadWaiter[];
  /** When to ask again: the answer may be lost, or have been refused. */
  readonly retryAt: number;
}

/** Shared by all who have none: a look at it finds it in the cache. */
const NOBODY: ReadWaiter[] = [];

/** Rounds of one partition whose answers are awaited; reads beyond wait for one to end. */
const roundsMax = 4;

/**
 * Linearizable reads of one partition: all that wait when a round begins share one ReadIndex. A
 * refused or lost round is asked again until its readers' deadlines, since an election may be under
 * way; a reader never gets an index that was confirmed before it asked.
 */
export class Reads {
  private queue = NOBODY;
  private readonly rounds = new Map<number, ReadRound>();

  constructor(private readonly waitersMax: number) {}

  get waiting(): number {
    let count = this.queue.length;
    for (const round of this.rounds.values()) count += round.waiters.length;
    return count;
  }

  get queued(): number {
    return this.queue.length;
  }

  add(deadline: number): Promise<LogIndex> {
    if (this.queue.length >= this.waitersMax) {
      return Promise.reject(new NoLeaderError('too many reads wait for this partition'));
    }
    return new Promise((resolve, reject) => {
      if (this.queue === NOBODY) this.queue = [];
      this.queue.push({ resolve, reject, deadline });
    });
  }

  /** Starts a round for everybody queued, unless enough rounds are under way. */
  begin(replica: Replica, nextContext: () => number, retryAt: number): void {
    if (this.queue.length === 0 || this.rounds.size >= roundsMax) return;
    const context = nextContext();
    this.rounds.set(context, { waiters: this.queue, retryAt });
    this.queue = NOBODY;
    replica.readIndex(context);
  }

  /** The core's answer; index 0 means refused. */
  answered(context: number, index: LogIndex): void {
    const round = this.rounds.get(context);
    if (round === undefined || index === 0) return; // A refused round is asked again at `retryAt`.
    this.rounds.delete(context);
    for (const waiter of round.waiters) waiter.resolve(index);
  }

  /** Ends what is overdue and queues again what should be asked again. */
  sweep(now: number): void {
    for (const [context, round] of this.rounds) {
      if (round.retryAt > now) continue;
      this.rounds.delete(context);
      this.queue = this.queue.concat(round.waiters);
    }
    if (this.queue.length === 0) return;
    const overdue = this.queue.filter((waiter) => waiter.deadline <= now);
    if (overdue.length === 0) return;
    this.queue = this.queue.filter((waiter) => waiter.deadline > now);
    for (const waiter of overdue) waiter.reject(new NoLeaderError('no leader confirmed the read'));
  }

  stop(reason: string): void {
    const all = [...this.rounds.values()].flatMap((round) => round.waiters).concat(this.queue);
    this.rounds.clear();
    this.queue = NOBODY;
    for (const waiter of all) waiter.reject(new NoLeaderError(reason));
  }
}
