import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry } from '../core/index.js';

/** A stretch of entries that the archive holds without a hole, both ends included. */
export interface ArchiveRange {
  readonly first: LogIndex;
  readonly last: LogIndex;
}

/**
 * Committed entries that left the log, for rebuilds from the very beginning and for questions about
 * the past. A node archives what it compacts itself; what it received as a snapshot instead is a
 * gap here, which reading names and another node may fill.
 */
export interface Archive {
  /** The newest index held; 0 when there is none. */
  lastIndex(partition: PartitionId): LogIndex;
  /** What is held, oldest first, neighbouring files joined: more than one range means gaps. */
  ranges(partition: PartitionId): readonly ArchiveRange[];
  /**
   * Adds consecutive committed entries as one file, durable when it resolves. Fails without a
   * trace: the entries are still in the log then, and may be written again.
   */
  write(partition: PartitionId, runs: AsyncIterable<readonly Entry[]>): Promise<void>;
  /**
   * Entries from `from` on, in order, to the end of what is held. Throws `ArchiveGap` where an
   * entry is missing and `ArchiveCorruption` where bytes are damaged, after all that came before.
   */
  read(partition: PartitionId, from: LogIndex): AsyncGenerator<readonly Entry[]>;
  /** Removes what the retention no longer keeps; returns the number of files. */
  prune(): Promise<number>;
  stats(): ArchiveStats;
}

export interface ArchiveStats {
  readonly files: number;
  readonly bytes: number;
}

/** An entry that was asked for is not held, though later ones may be. */
export class ArchiveGap extends Error {
  override readonly name = 'ArchiveGap';

  constructor(
    readonly partition: PartitionId,
    /** The first index that is missing. */
    readonly missing: LogIndex,
    /** The next index that is held; null when none is. */
    readonly available: LogIndex | null,
  ) {
    const next = available === null ? 'nothing after it is' : `the next is ${available}`;
    super(`the archive of partition ${partition} does not hold entry ${missing}: ${next}`);
  }
}

/** Archived bytes are not what was written. */
export class ArchiveCorruption extends Error {
  override readonly name = 'ArchiveCorruption';
}
