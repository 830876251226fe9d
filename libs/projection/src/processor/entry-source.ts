import type { AppliedEntry } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';

/**
 * Committed entries as applied, in order, per partition: what a processor pulls. Every index
 * appears, also when nothing changed; the index is the only cursor.
 */
export interface EntrySource {
  /** Highest index that can be read. */
  head(partition: PartitionId): LogIndex;
  /** Entries after `after`, contiguous, at most `entriesMax`; empty at the head. */
  read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): Promise<readonly AppliedEntry[]>;
  /** True if a read after `after` needs a replay; one at a time is followed to its end. */
  isReplayed?(partition: PartitionId, after: LogIndex): boolean;
  /** Calls `listener` after `head` moved; returns what ends that. */
  onAdvance(listener: (partition: PartitionId) => void): () => void;
}
