import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import type { EntrySource } from './entry-source.js';
import type { Watermark } from './watermark.js';

interface Behind {
  /** Head at `since`: once it is absorbed, the tables are at most as old as that moment. */
  target: LogIndex;
  since: number;
}

/**
 * How far the tables of one projection are behind this node's own state: in entries, and in
 * milliseconds since the oldest entry that they lack was applied (to the granularity of batches).
 */
export class LagMeter {
  private readonly behind = new Map<PartitionId, Behind>();

  constructor(
    private readonly source: EntrySource,
    private readonly watermark: Watermark,
    private readonly clock: Clock,
  ) {}

  /** The log of a partition moved. */
  advanced(partition: PartitionId): void {
    if (this.behind.has(partition)) return;
    this.behind.set(partition, {
      target: this.source.head(partition),
      since: this.clock.monotonic(),
    });
  }

  /** The tables moved. */
  absorbed(partition: PartitionId): void {
    const behind = this.behind.get(partition);
    const reached = this.watermark.at(partition);
    if (!behind || reached < behind.target) return;
    const head = this.source.head(partition);
    if (reached >= head) this.behind.delete(partition);
    else {
      behind.target = head;
      behind.since = this.clock.monotonic();
    }
  }

  lagMs(): number {
    let oldest = Infinity;
    for (const { since } of this.behind.values()) oldest = Math.min(oldest, since);
    return oldest === Infinity ? 0 : this.clock.monotonic() - oldest;
  }

  lagEntries(partitions: readonly PartitionId[]): number {
    return partitions.reduce(
      (sum, p) => sum + Math.max(0, this.source.head(p) - this.watermark.at(p)),
      0,
    );
  }
}
