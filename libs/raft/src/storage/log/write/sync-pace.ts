/** Where to wait for the device: on this thread, in the thread pool, or as it has been of late. */
export type SyncMode = 'adaptive' | 'blocking' | 'pool';

const FAST_MS = 0.7;
const STALL_MS = 5;
const PENALTY_SYNCS = 2000;

/**
 * A sync on the calling thread costs a third less than one through the thread pool, as long as the
 * device answers at once; on a slow one it would hold up heartbeats. So `adaptive` blocks only
 * while syncs are fast, and after one stall goes through the pool for a good while. A stall that
 * nobody could foresee blocks the loop once, for as long as it lasts.
 */
export class SyncPace {
  private averageMs = FAST_MS * 2;
  private penalty = 0;
  lastMs = 0;

  constructor(private readonly mode: SyncMode) {}

  blocking(): boolean {
    if (this.mode !== 'adaptive') return this.mode === 'blocking';
    return this.penalty === 0 && this.averageMs < FAST_MS;
  }

  note(ms: number): void {
    this.lastMs = ms;
    this.averageMs += (ms - this.averageMs) / 16;
    if (ms > STALL_MS) this.penalty = PENALTY_SYNCS;
    else if (this.penalty > 0) this.penalty -= 1;
  }
}
