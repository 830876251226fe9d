import type { Clock } from '@metad/foundation';

/** Of about this length: far below an election time-out, far above what a turn costs. */
const defaultSliceMs = 4;

/**
 * Cuts long work into slices, between which the event loop turns: it belongs to consensus first.
 * Work asks `isOver` between two small steps and awaits `next` when it is.
 */
export class Slices {
  private began: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly sliceMs = defaultSliceMs,
  ) {
    this.began = clock.monotonic();
  }

  get isOver(): boolean {
    return this.clock.monotonic() - this.began > this.sliceMs;
  }

  /** Lets everything else that is due run first. */
  async next(): Promise<void> {
    await new Promise(setImmediate);
    this.began = this.clock.monotonic();
  }
}
