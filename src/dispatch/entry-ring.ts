import type { AppliedEntry } from '@metad/eventsourcing';
import { invariant, logIndex, type LogIndex, type PartitionId } from '@metad/foundation';

export interface EntryRingLimits {
  /** Over all partitions of the node. */
  readonly entriesMax: number;
  readonly bytesMax: number;
}

export const defaultEntryRingLimits: EntryRingLimits = {
  entriesMax: 65_536,
  bytesMax: 64 * 1024 * 1024,
};

/** The newest entries of one partition, contiguous; `entries[skipped]` is the oldest. */
interface Tail {
  entries: (AppliedEntry | undefined)[];
  skipped: number;
  last: LogIndex;
}

/**
 * The newest applied entries of all partitions of a node, in memory. When a limit is reached the
 * oldest entry of the node goes, whichever partition it is of; readers behind are served by replay.
 */
export class EntryRing {
  private readonly tails = new Map<PartitionId, Tail>();
  /** Whose entry came when, and how large it was: a circle of `entriesMax` slots. */
  private readonly owners: (Tail | undefined)[];
  private readonly sizes: Int32Array;
  private oldest = 0;
  private count = 0;
  private bytes = 0;

  constructor(private readonly limits: EntryRingLimits = defaultEntryRingLimits) {
    this.owners = new Array<Tail | undefined>(limits.entriesMax);
    this.sizes = new Int32Array(limits.entriesMax);
  }

  /** Highest index taken, also when its entry is no longer held; 0 at first. */
  head(partition: PartitionId): LogIndex {
    return this.tails.get(partition)?.last ?? logIndex(0);
  }

  /** Takes the next entry of a partition. `bytes` is an estimate of what keeping it costs. */
  push(entry: AppliedEntry, bytes: number): void {
    const tail = this.tailOf(entry.partition);
    invariant(
      entry.index === tail.last + 1 || tail.last === 0,
      'a machine emits every index once and in order',
    );
    while (
      this.count > 0 &&
      (this.count === this.limits.entriesMax || this.bytes + bytes > this.limits.bytesMax)
    ) {
      this.evict();
    }
    tail.entries.push(entry);
    tail.last = entry.index;
    const slot = (this.oldest + this.count) % this.limits.entriesMax;
    this.owners[slot] = tail;
    this.sizes[slot] = bytes;
    this.count += 1;
    this.bytes += bytes;
  }

  /** A snapshot took the place of a partition's state: what was held leads nowhere any more. */
  jump(partition: PartitionId, index: LogIndex): void {
    this.tails.set(partition, { entries: [], skipped: 0, last: index });
  }

  /** Entries after `after`, at most `entriesMax`; null when the first of them is not held. */
  read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): readonly AppliedEntry[] | null {
    const tail = this.tails.get(partition);
    if (!tail || after >= tail.last) return [];
    const held = tail.entries.length - tail.skipped;
    const from = after - (tail.last - held);
    if (from < 0) return null;
    const begin = tail.skipped + from;
    // Everything from `skipped` on is an entry; only what was evicted before it is undefined.
    return tail.entries.slice(begin, begin + entriesMax) as AppliedEntry[];
  }

  /** True if what follows `after` is held, or nothing does. */
  holds(partition: PartitionId, after: LogIndex): boolean {
    const tail = this.tails.get(partition);
    return !tail || after >= tail.last - (tail.entries.length - tail.skipped);
  }

  private tailOf(partition: PartitionId): Tail {
    let tail = this.tails.get(partition);
    if (!tail) {
      tail = { entries: [], skipped: 0, last: logIndex(0) };
      this.tails.set(partition, tail);
    }
    return tail;
  }

  private evict(): void {
    const tail = this.owners[this.oldest];
    this.bytes -= this.sizes[this.oldest] ?? 0;
    this.owners[this.oldest] = undefined;
    this.oldest = (this.oldest + 1) % this.limits.entriesMax;
    this.count -= 1;
    // A tail that was replaced by `jump` is still counted, but no longer read.
    if (!tail || tail.skipped >= tail.entries.length) return;
    tail.entries[tail.skipped] = undefined;
    tail.skipped += 1;
    if (tail.skipped > 1_024 && tail.skipped * 2 > tail.entries.length) {
      tail.entries = tail.entries.slice(tail.skipped);
      tail.skipped = 0;
    }
  }
}
