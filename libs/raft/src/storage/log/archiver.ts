import { logIndex } from '@metad/foundation';
import type { Clock, LogIndex } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import type { Archive } from '../archive-port.js';
import type { PartitionLog } from './partition/partition-log.js';

const RUN_BYTES = 256 * 1024;
const RETRY_MS = 5000;

/** Called when entries up to `upTo` are in the archive and may leave the log. */
type Release = (log: PartitionLog, upTo: LogIndex) => void;

/**
 * Passes committed entries to the archive before they leave the log, one partition at a time, in
 * the background. While that is under way, or fails, they stay in the log: a full archive disk
 * costs log space, never entries. A partition that asks again while it waits waits once.
 */
export class Archiver {
  private readonly wanted = new Map<PartitionLog, LogIndex>();
  private running: Promise<void> | null = null;
  private cancelRetry: (() => void) | null = null;
  private closed = false;
  /** Why the archive takes nothing at present; null when it does. */
  fault: string | null = null;

  constructor(
    private readonly archive: Archive,
    private readonly clock: Clock,
    private readonly release: Release,
  ) {}

  enqueue(log: PartitionLog, upTo: LogIndex): void {
    this.wanted.set(log, upTo);
    this.wake();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelRetry?.();
    while (this.running !== null) await this.running;
  }

  private wake(): void {
    if (this.closed || this.cancelRetry !== null) return;
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  private async run(): Promise<void> {
    for (;;) {
      const next = this.wanted.entries().next();
      if (next.done === true || this.closed) return;
      const [log, upTo] = next.value;
      this.wanted.delete(log);
      try {
        await this.pass(log, upTo);
        this.fault = null;
      } catch (fault) {
        this.fault = fault instanceof Error ? fault.message : String(fault);
        if (!this.wanted.has(log)) this.wanted.set(log, upTo);
        this.retryLater();
        return;
      }
    }
  }

  private retryLater(): void {
    this.cancelRetry = this.clock.after(RETRY_MS, () => {
      this.cancelRetry = null;
      void Promise.resolve(this.running).then(() => this.wake());
    });
  }

  private async pass(log: PartitionLog, upTo: LogIndex): Promise<void> {
    const { restarts } = log;
    const archived = this.archive.lastIndex(log.partition);
    const from = logIndex(Math.max(archived + 1, log.firstIndex()));
    if (from <= upTo) await this.archive.write(log.partition, this.runs(log, from, upTo));
    await this.archive.prune();
    // A snapshot from a peer may have replaced the log meanwhile; then nothing is left to drop.
    if (restarts === log.restarts && upTo >= log.firstIndex()) this.release(log, upTo);
  }

  private async *runs(
    log: PartitionLog,
    from: LogIndex,
    upTo: LogIndex,
  ): AsyncGenerator<readonly Entry[]> {
    const { restarts } = log;
    for (let next: number = from; next <= upTo;) {
      if (restarts !== log.restarts) return;
      const run = log.entries(logIndex(next), logIndex(upTo + 1), RUN_BYTES) ?? [];
      if (run.length === 0) return;
      next += run.length;
      yield run;
    }
  }
}
