import type { Clock } from '@metad/foundation';

/** The run was cancelled; what it built is to be dropped. */
export class RunCancelled extends Error {
  override readonly name = 'RunCancelled';
}

/** The process stops; the run goes on from its checkpoints after the next start. */
export class RunSuspended extends Error {
  override readonly name = 'RunSuspended';
}

/**
 * What may slow a run down or end it: a limit of rows per second, a pause, a cancellation. Asked
 * between two batches.
 */
export class Pace {
  private paused = false;
  private ending: Error | null = null;
  private wake: () => void = () => undefined;
  /** Monotonic time before which the rows already written must not be followed by more. */
  private notBefore = 0;

  constructor(
    private readonly clock: Clock,
    /** Null means as fast as it goes. */
    private rowsPerSecond: number | null,
  ) {}

  get isPaused(): boolean {
    return this.paused;
  }

  get isEnding(): boolean {
    return this.ending !== null;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake();
  }

  /** `reason` is thrown at the next turn, also while paused. */
  end(reason: RunCancelled | RunSuspended): void {
    this.ending ??= reason;
    this.wake();
  }

  setRowsPerSecond(rowsPerSecond: number | null): void {
    this.rowsPerSecond = rowsPerSecond;
    this.notBefore = 0;
    this.wake();
  }

  /** Rows were written: the next turn comes when the limit allows. */
  spend(rows: number): void {
    if (this.rowsPerSecond === null) return;
    const now = this.clock.monotonic();
    this.notBefore = Math.max(now, this.notBefore) + (rows / this.rowsPerSecond) * 1_000;
  }

  /** Resolves when the run may go on. Throws what ends it. */
  async turn(): Promise<void> {
    for (;;) {
      if (this.ending) throw this.ending;
      const waitMs = this.paused ? null : this.notBefore - this.clock.monotonic();
      if (waitMs !== null && waitMs <= 0) return;
      await this.sleep(waitMs);
    }
  }

  private sleep(ms: number | null): Promise<void> {
    return new Promise((resolve) => {
      const cancel = ms === null ? () => undefined : this.clock.after(ms, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
