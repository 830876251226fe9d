import type { Clock } from '@metad/foundation';
import type { Turns } from './turns.js';

/**
 * The one timer of a node. A tick that comes late is not made up for, and input that arrived while
 * the loop was busy is taken first: a node that was busy or paused must not conclude that the
 * others were silent.
 */
export class Ticker {
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly turns: Turns,
    private readonly tickMs: number,
    /** Told by how many milliseconds the tick came late: how long the loop was busy. */
    private readonly onTick: (lateMs: number) => void,
  ) {}

  start(): void {
    this.arm(this.clock.monotonic() + this.tickMs);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private arm(due: number): void {
    const delay = Math.max(0, due - this.clock.monotonic());
    this.cancel = this.clock.after(delay, () => {
      const now = this.clock.monotonic();
      const late = Math.max(0, now - due);
      this.arm(late > this.tickMs ? now + this.tickMs : due + this.tickMs);
      this.turns.next(() => this.onTick(late));
    });
  }
}
