import type { Clock, LogIndex, PartitionId } from '@metad/foundation';

interface Waiter {
  readonly partition: PartitionId;
  readonly index: LogIndex;
  readonly settle: (reached: boolean) => void;
}

/**
 * What one projection has durably absorbed, in memory: readers wait here for their own writes
 * instead of asking the database again and again. Moves only after the transaction committed.
 */
export class Watermark {
  private readonly reached = new Map<PartitionId, LogIndex>();
  private readonly waiters = new Set<Waiter>();

  constructor(
    private readonly clock: Clock,
    /** Called when somebody begins to wait. */
    private readonly onAwaited: () => void = () => undefined,
    readonly waitersMax = 10_000,
  ) {}

  /** Highest index whose rows are visible to a query begun now; 0 when none is. */
  at(partition: PartitionId): LogIndex {
    return this.reached.get(partition) ?? (0 as LogIndex);
  }

  /** True while a reader waits. */
  get isAwaited(): boolean {
    return this.waiters.size > 0;
  }

  /** May also go back, when a rebuilt or restored database stands lower. */
  set(partition: PartitionId, index: LogIndex): void {
    this.reached.set(partition, index);
    for (const waiter of this.waiters) {
      if (waiter.partition === partition && waiter.index <= index) waiter.settle(true);
    }
  }

  /**
   * True once `index` is absorbed; false after `timeoutMs`, or at once when `waitersMax` readers
   * wait already.
   */
  wait(partition: PartitionId, index: LogIndex, timeoutMs: number): Promise<boolean> {
    if (this.at(partition) >= index) return Promise.resolve(true);
    if (timeoutMs <= 0 || this.waiters.size >= this.waitersMax) return Promise.resolve(false);
    return new Promise((resolve) => {
      const cancel = this.clock.after(timeoutMs, () => waiter.settle(false));
      const waiter: Waiter = {
        partition,
        index,
        settle: (reached) => {
          cancel();
          this.waiters.delete(waiter);
          resolve(reached);
        },
      };
      this.waiters.add(waiter);
      this.onAwaited();
    });
  }
}
