import type { Clock, NodeName } from '@metad/foundation';
import type { World } from './world.js';

/** Where virtual wall clocks begin, milliseconds since the epoch. */
const EPOCH_MS = 1_700_000_000_000;

/**
 * The machine that a simulated node runs on: its clock, with a rate and an offset of its own, and
 * its process, which can be paused (everything waits) or killed (everything it planned is gone).
 */
export class Host {
  paused = false;
  up = false;
  /** Counts the process' lives. */
  life = 0;
  private backlog: (() => void)[] = [];

  constructor(
    readonly name: NodeName,
    readonly world: World,
    /** Virtual milliseconds of this clock per true one. */
    readonly clockRate: number,
    readonly clockOffsetMs: number,
  ) {}

  /** The clock of the process now alive; its timers die with it. */
  readonly clock: Clock = {
    now: () => EPOCH_MS + this.clockOffsetMs + Math.floor(this.world.now * this.clockRate),
    monotonic: () => this.world.now * this.clockRate,
    after: (delayMs, callback) => this.later(delayMs / this.clockRate, callback),
  };

  boot(): void {
    this.up = true;
    this.life += 1;
  }

  kill(): void {
    this.up = false;
    this.paused = false;
    this.life += 1;
    this.backlog = [];
  }

  pause(): void {
    if (this.up) this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const callback of this.backlog.splice(0)) this.run(callback);
  }

  /** Runs `callback` after a true delay, if this life of the process still lasts by then. */
  later(delayMs: number, callback: () => void): () => void {
    const { life } = this;
    return this.world.after(delayMs, () => {
      if (this.life === life) this.run(callback);
    });
  }

  /** Runs now, or when the process is resumed. */
  run(callback: () => void): void {
    if (!this.up) return;
    if (this.paused) this.backlog.push(callback);
    else callback();
  }
}
