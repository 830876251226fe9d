import type { AppliedEntry } from '@metad/eventsourcing';
import { invariant, logIndex, type LogIndex, type PartitionId } from '@metad/foundation';

export interface EntryRingLimits {
  /** Over all partitions of the node. */
  readonly entriesMax: number;
  readonly bytesMax: number;
  /** So many of the newest stay even if nobody reads them: a new reader begins a little back. */
  readonly entriesMin: number;
}

export const defaultEntryRingLimits: EntryRingLimits = {
  entriesMax: 65_536,
  bytesMax: 64 * 1024 * 1024,
  entriesMin: 512,
};

/** The newest entries of one partition, contiguous; `entries[skipped]` is the oldest. */
interface Tail {
  entries: (AppliedEntry | undefined)[];
  skipped: number;
  last: LogIndex;
}

/** The lowest index that a reader of the partition stands at; null when nobody reads it. */
export type LowestReader = (partition: PartitionId) => LogIndex | null;

/** Entries that one push may let go beyond its own: the rest waits for the next ones. */
const letGoMax = 4;

/**
 * The newest applied entries of all partitions of a node, in memory, for as long as somebody is
 * about to read them. When a limit is reached the oldest entry of the node goes, whichever
 * partition it is of; readers behind are served by replay.
 */
export class EntryRing {
  private readonly tails = new Map<PartitionId, Tail>();
  /** Whose entry came when, and how large it was: a circle of `entriesMax` slots. */
  private readonly owners: (Tail | undefined)[];
  private readonly sizes: Int32Array;
  private oldest = 0;
  private count = 0;
  private bytes = 0;

  constructor(
    private readonly limits: EntryRingLimits = defaultEntryRingLimits,
    private readonly lowestReader: LowestReader = () => logIndex(0),
  ) {
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
    for (let gone = 0; gone < letGoMax && this.isOldestUnwanted(); gone += 1) this.evict();
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

  /** The newest entries of all partitions that `wanted` takes, newest first; a walk on demand. */
  newest(entriesMax: number, wanted: (entry: AppliedEntry) => boolean): readonly AppliedEntry[] {
    const found: AppliedEntry[] = [];
    const seen = new Map<Tail, number>();
    for (let back = 1; back <= this.count && found.length < entriesMax; back += 1) {
      const tail = this.owners[(this.oldest + this.count - back) % this.limits.entriesMax];
      if (!tail) continue;
      const nth = (seen.get(tail) ?? 0) + 1;
      seen.set(tail, nth);
      const entry = tail.entries[tail.entries.length - nth];
      if (entry !== undefined && wanted(entry)) found.push(entry);
    }
    return found;
  }

  /** True if what follows `after` is held, or nothing does. */
  holds(partition: PartitionId, after: LogIndex): boolean {
    return after >= this.lowestCursor(partition);
  }

  /** The lowest index after which everything is held. */
  lowestCursor(partition: PartitionId): LogIndex {
    const tail = this.tails.get(partition);
    return logIndex(tail ? tail.last - (tail.entries.length - tail.skipped) : 0);
  }

  private tailOf(partition: PartitionId): Tail {
    let tail = this.tails.get(partition);
    if (!tail) {
      tail = { entries: [], skipped: 0, last: logIndex(0) };
      this.tails.set(partition, tail);
    }
    return tail;
  }

  /** Beyond the minimum, what everybody has read only makes work for the garbage collector. */
  private isOldestUnwanted(): boolean {
    if (this.count <= this.limits.entriesMin) return false;
    const tail = this.owners[this.oldest];
    const entry = tail?.entries[tail.skipped];
    if (entry === undefined) return true;
    const lowest = this.lowestReader(entry.partition);
    return lowest === null || entry.index <= lowest;
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
