/**
 * When the requests of an open loop are meant to leave: at fixed times from a beginning to an end,
 * whatever became of the ones before. A request that could not leave in time keeps its time, so
 * that its latency contains what it waited. Milliseconds, on the caller's clock.
 */
export class Pacer {
  private readonly gap: number;
  private taken = 0;

  constructor(
    perSecond: number,
    private readonly from: number,
    private readonly until: number,
  ) {
    this.gap = 1000 / perSecond;
  }

  /** The intended time of the next request if it is due at `now`, else null. */
  take(now: number): number | null {
    const due = this.from + this.taken * this.gap;
    if (due > now || due >= this.until) return null;
    this.taken += 1;
    return due;
  }

  /** Requests whose time lies before the end and that were never taken. */
  get left(): number {
    return Math.max(0, Math.ceil((this.until - this.from) / this.gap) - this.taken);
  }
}
