import type { Clock } from '@metad/foundation';
import type { Turns } from '@metad/raft';
import type { TestTime } from './test-time.js';

/**
 * The event loop of one process in virtual time: while it is blocked its timers and turns wait, and
 * run late, in their order.
 */
export class BusyLoop {
  private blockedUntil = 0;

  constructor(private readonly time: TestTime) {}

  readonly clock: Clock = {
    now: () => this.time.clock.now(),
    monotonic: () => this.time.clock.monotonic(),
    after: (delayMs, callback) => this.whenFree(delayMs, callback),
  };

  readonly turns: Turns = { next: (callback) => void this.whenFree(0, callback) };

  blockUntil(at: number): void {
    this.blockedUntil = at;
  }

  private whenFree(delayMs: number, callback: () => void): () => void {
    let cancel = this.time.clock.after(delayMs, () => {
      const late = this.blockedUntil - this.time.clock.monotonic();
      if (late <= 0) callback();
      else cancel = this.whenFree(late, callback);
    });
    return () => cancel();
  }
}
