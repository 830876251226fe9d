import type { AppliedEntry } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { EntryRing, type EntryRingLimits } from './entry-ring.js';
import type { EventSource } from './event-source.js';
import { lowestReplayed, Replay, type ReplayedState } from './replay.js';
import { ReaderMarks } from './reader-marks.js';
import { Replayer } from './replayer.js';
import type { ReplayPorts } from './replay-ports.js';

/** What an applied entry costs in memory when its size is not known. */
const ENTRY_BYTES = 1_024;

/**
 * The events of this node. State machines feed it as they apply, synchronously and cheaply;
 * subscribers pull. Whoever is behind the ring gets the same entries from a replay.
 */
export class LiveEventSource implements EventSource {
  private readonly marks: ReaderMarks;
  private readonly ring: EntryRing;
  private readonly replayer: Replayer;
  private readonly listeners = new Set<(partition: PartitionId) => void>();
  private readonly witnesses = new Set<(entry: AppliedEntry) => void>();
  private readonly advanced = new Set<PartitionId>();

  constructor(
    private readonly ports: ReplayPorts,
    limits?: EntryRingLimits,
  ) {
    this.marks = new ReaderMarks(() => ports.monotonic());
    this.ring = new EntryRing(limits, (partition) => this.marks.lowest(partition));
    this.replayer = new Replayer(ports, (partition, index) => this.ring.holds(partition, index));
  }

  /** Called by a partition's live machine for every entry it applied, in order. */
  applied(entry: AppliedEntry, bytes = ENTRY_BYTES): void {
    this.ring.push(entry, bytes);
    this.announce(entry.partition);
    for (const witness of this.witnesses) witness(entry);
  }

  /** Called after a live machine was replaced by a snapshot at `index`, also at start. */
  restored(partition: PartitionId, index: LogIndex): void {
    this.ring.jump(partition, index);
    this.announce(partition);
  }

  head(partition: PartitionId): LogIndex {
    return this.ring.head(partition);
  }

  /** True if a read after `after` needs a replay: a reader should follow one of these at a time. */
  isReplayed(partition: PartitionId, after: LogIndex): boolean {
    return !this.ring.holds(partition, after);
  }

  async read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): Promise<readonly AppliedEntry[]> {
    const recent = this.ring.read(partition, after, entriesMax);
    if (recent) return this.noted(partition, after, recent);
    // Not beyond what the live machine has applied: nobody may be ahead of this node's own state.
    const wanted = Math.min(entriesMax, this.head(partition) - after);
    return this.noted(partition, after, await this.replayer.read(partition, after, wanted));
  }

  lowestCursor(partition: PartitionId): Promise<LogIndex> {
    return lowestReplayed(this.ports, partition, this.ring.lowestCursor(partition));
  }

  /** The newest entries applied here that `wanted` takes, newest first: for operators. */
  newest(entriesMax: number, wanted: (entry: AppliedEntry) => boolean): readonly AppliedEntry[] {
    return this.ring.newest(entriesMax, wanted);
  }

  /** The records of a partition as they were at exactly `index`, by replay. */
  async recordsAt(partition: PartitionId, index: LogIndex): Promise<ReplayedState> {
    return (await Replay.at(this.ports, partition, index)).state();
  }

  /** The records of the newest snapshot; null when there is none. */
  async atSnapshot(partition: PartitionId): Promise<ReplayedState | null> {
    const replay = await Replay.atSnapshot(this.ports, partition);
    return replay.index === 0 ? null : replay.state();
  }

  leave(partition: PartitionId, at: LogIndex): void {
    this.marks.left(partition, at);
  }

  onAdvance(listener: (partition: PartitionId) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onApplied(listener: (entry: AppliedEntry) => void): () => void {
    this.witnesses.add(listener);
    return () => this.witnesses.delete(listener);
  }

  private noted(partition: PartitionId, after: LogIndex, entries: readonly AppliedEntry[]) {
    this.marks.moved(partition, after, entries.at(-1)?.index ?? after);
    return entries;
  }

  private announce(partition: PartitionId): void {
    if (this.advanced.size === 0) setImmediate(() => this.flush());
    this.advanced.add(partition);
  }

  private flush(): void {
    const partitions = [...this.advanced];
    this.advanced.clear();
    for (const partition of partitions) {
      for (const listener of this.listeners) listener(partition);
    }
  }
}
