import type { Clock } from '@metad/foundation';
import { immediateTurns } from '@metad/raft';
import type { Turns } from '@metad/raft';

/** Time as a test sees it: real, or its own. */
export interface TestTime {
  readonly clock: Clock;
  readonly turns: Turns;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
}

export const realTime: TestTime = {
  clock: {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  },
  turns: immediateTurns,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Time that passes only when a test lets it: events run in order of time, then of arrival, and
 * promises settle between two of them. A second takes milliseconds, and every run is the same.
 */
export class VirtualTime implements TestTime {
  private nowMs = 0;
  private orders = 0;
  private events: Event[] = [];

  readonly clock: Clock = {
    now: () => 1_700_000_000_000 + this.nowMs,
    monotonic: () => this.nowMs,
    after: (delayMs, callback) => {
      const event = this.add(this.nowMs + Math.max(0, delayMs), callback);
      return () => {
        event.cancelled = true;
      };
    },
  };

  readonly turns: Turns = { next: (callback) => void this.add(this.nowMs, callback) };

  async pass(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    await settlePromises();
    for (;;) {
      const event = this.events[0];
      if (event === undefined || event.at > end) break;
      this.events.shift();
      this.nowMs = event.at;
      if (event.cancelled) continue;
      event.run();
      await settlePromises();
    }
    this.nowMs = end;
  }

  private add(at: number, run: () => void): Event {
    const event = { at, order: this.orders++, run, cancelled: false };
    let place = this.events.length;
    while (place > 0 && (this.events[place - 1] as Event).at > at) place -= 1;
    this.events.splice(place, 0, event);
    return event;
  }
}

/** Lets promise chains of a few links run to their end. */
async function settlePromises(): Promise<void> {
  for (let links = 0; links < 8; links += 1) await Promise.resolve();
}
