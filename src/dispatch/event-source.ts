import type { AppliedEntry } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';

/**
 * Replays that are kept for the readers that go on with them, each a partition's whole state. Of
 * more readers that replay in turn, each would find its own gone, and begin it anew every time.
 */
export const replaysKeptMax = 4;

/**
 * Committed entries as applied, in order, per partition: what projections, watches and the event
 * feed read. A subscriber owns its cursor; nothing here remembers subscribers.
 */
export interface EventSource {
  /** Highest index that can be read. */
  head(partition: PartitionId): LogIndex;
  /**
   * Entries after `after`, contiguous, at most `entriesMax`; empty at the head. Recent ones come
   * from memory, older ones by replay of snapshot and log through a private state machine.
   * Throws `PositionCompacted` when what follows `after` can no longer be derived.
   */
  read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): Promise<readonly AppliedEntry[]>;
  /**
   * The lowest index after which nothing is missing: where a reader can begin again whose cursor is
   * compacted. Later it may be higher, since what is kept moves on.
   */
  lowestCursor(partition: PartitionId): Promise<LogIndex>;
  /** True if a read after `after` needs a replay: a reader should follow one of these at a time. */
  isReplayed(partition: PartitionId, after: LogIndex): boolean;
  /** The reader that stood at `at` reads no more: what follows need not be kept for it. */
  leave(partition: PartitionId, at: LogIndex): void;
  /** Calls `listener` after `head` moved, at most once per turn of the event loop. */
  onAdvance(listener: (partition: PartitionId) => void): () => void;
  /**
   * Calls `listener` with every entry as it is applied here, before its command is answered: for
   * what is made at once or not at all. It must not throw.
   */
  onApplied(listener: (entry: AppliedEntry) => void): () => void;
}

/** What followed a cursor is gone from log, archive and snapshots: begin again from a snapshot. */
export class PositionCompacted extends Error {
  override readonly name = 'PositionCompacted';

  constructor(
    readonly partition: PartitionId,
    readonly after: LogIndex,
  ) {
    super(`entries of partition ${partition} after index ${after} can no longer be derived`);
  }
}
