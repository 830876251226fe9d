import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import type { EntrySource } from './entry-source.js';
import type { Watermark } from './watermark.js';

/** Entries above this index, up to the next mark's, came at `at` or later. */
interface Mark {
  readonly above: LogIndex;
  readonly at: number;
}

/** Of one partition: the entries that the tables lack, up to `head`. */
interface Behind {
  head: LogIndex;
  /** Oldest first, at least one. */
  marks: readonly Mark[];
}

/** When there are more, every second one goes: its entries count from the mark before. */
const marksMax = 32;
/** Entries that come within this time of one another share a mark. */
const spacingMs = 4;
/** So do those that came within this part of the time that the tables are behind. */
const spacingPart = 16;

/**
 * How far the tables of one projection are behind this node's own state: in entries, and in
 * milliseconds since the oldest entry that they lack was applied. Never less than the truth, from
 * the turn of the event loop on in which the log was seen to move; more by the spacing of marks.
 *
 * Missing: what the tables lack already when they are loaded counts from then, at the latest.
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
    const head = this.source.head(partition);
    const at = this.clock.monotonic();
    const behind = this.behind.get(partition);
    if (!behind) {
      const above = this.watermark.at(partition);
      if (head > above) this.behind.set(partition, { head, marks: [{ above, at }] });
      return;
    }
    const { marks, head: above } = behind;
    behind.head = head;
    const [first, last] = [marks[0]?.at ?? at, marks.at(-1)?.at ?? at];
    if (at - last < Math.max(spacingMs, (at - first) / spacingPart)) return;
    behind.marks = [...marks, { above, at }];
    if (marks.length >= marksMax) behind.marks = behind.marks.filter((_, place) => place % 2 === 0);
  }

  /** The tables moved. */
  absorbed(partition: PartitionId): void {
    const behind = this.behind.get(partition);
    if (!behind) return;
    const reached = this.watermark.at(partition);
    if (reached >= behind.head) this.behind.delete(partition);
    else {
      const first = behind.marks.findLastIndex(({ above }) => above <= reached);
      behind.marks = behind.marks.slice(Math.max(0, first));
    }
  }

  lagMs(): number {
    let oldest = Infinity;
    for (const { marks } of this.behind.values()) {
      oldest = Math.min(oldest, marks[0]?.at ?? Infinity);
    }
    return oldest === Infinity ? 0 : this.clock.monotonic() - oldest;
  }

  lagEntries(partitions: readonly PartitionId[]): number {
    return partitions.reduce(
      (sum, p) => sum + Math.max(0, this.source.head(p) - this.watermark.at(p)),
      0,
    );
  }
}
