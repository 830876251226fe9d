import type { Clock } from '@metad/foundation';
import type { Pace, RebuildRun } from '@metad/projection';
import type { Job } from './job-store.js';

/** Weight of the newest second in the rate. */
const smoothing = 0.3;

/** A job at work in this process, with its brake and its measured rate. */
export class JobRun {
  private lastDone = -1;
  private lastAt: number;

  constructor(
    readonly job: Job,
    readonly pace: Pace,
    readonly run: RebuildRun | null,
    private readonly clock: Clock,
  ) {
    this.lastAt = clock.monotonic();
    if (job.state === 'paused') pace.pause();
  }

  /** Brings the job's figures up to date; once a second, and when somebody asks. */
  measure(): void {
    const progress = this.run?.progress();
    if (!progress) return;
    const { job } = this;
    const now = this.clock.monotonic();
    const elapsed = (now - this.lastAt) / 1_000;
    job.done = progress.done;
    job.total = progress.total;
    if (job.state === 'running') job.reason = progress.reason;
    if (elapsed < 0.5) return;
    if (this.lastDone >= 0) {
      const rate = Math.max(0, progress.done - this.lastDone) / elapsed;
      job.rate = job.rate === 0 ? rate : job.rate + smoothing * (rate - job.rate);
    }
    this.lastDone = progress.done;
    this.lastAt = now;
    const left = job.total - job.done;
    job.remainingMs = job.rate > 0.01 ? (left / job.rate) * 1_000 : left === 0 ? 0 : null;
  }
}
