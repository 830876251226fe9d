import type { LogIndex } from '@metad/foundation';

interface ApplyWaiter {
  readonly index: LogIndex;
  /** Monotonic milliseconds. */
  readonly deadline: number;
  readonly resolve: (reached: boolean) => void;
}

/** Shared by all who have none: a look at it finds it in the cache. */
const NOBODY: ApplyWaiter[] = [];

/** Who waits for this node to apply an index, in order of index. */
export class ApplyWaiters {
  private waiters = NOBODY;

  constructor(private readonly waitersMax: number) {}

  get waiting(): number {
    return this.waiters.length;
  }

  /** Resolves true once applied, false at the deadline, or at once when too many wait. */
  add(index: LogIndex, deadline: number): Promise<boolean> {
    if (this.waiters.length >= this.waitersMax) return Promise.resolve(false);
    return new Promise((resolve) => {
      if (this.waiters === NOBODY) this.waiters = [];
      let at = this.waiters.length;
      while (at > 0 && (this.waiters[at - 1] as ApplyWaiter).index > index) at -= 1;
      this.waiters.splice(at, 0, { index, deadline, resolve });
    });
  }

  reached(applied: LogIndex): void {
    let count = 0;
    while (count < this.waiters.length && (this.waiters[count] as ApplyWaiter).index <= applied) {
      count += 1;
    }
    if (count === 0) return;
    const reached = this.waiters.splice(0, count);
    if (this.waiters.length === 0) this.waiters = NOBODY;
    for (const waiter of reached) waiter.resolve(true);
  }

  sweep(now: number): void {
    for (let at = this.waiters.length - 1; at >= 0; at -= 1) {
      const waiter = this.waiters[at] as ApplyWaiter;
      if (waiter.deadline > now) continue;
      this.waiters.splice(at, 1);
      waiter.resolve(false);
    }
  }

  stop(): void {
    for (const waiter of this.waiters.splice(0)) waiter.resolve(false);
  }
}
