import type { LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import type { RowDigest } from '../table/row-digest.js';

/**
 * How far one version of one projection has absorbed one partition, and the digest of its rows at
 * that index. Moves with the rows, in the same transaction.
 */
export interface Checkpoint {
  readonly index: LogIndex;
  readonly term: Term;
  /** Log time of the entry at `index`. */
  readonly time: LogTime;
  readonly digest: RowDigest;
}

/** Which row of the checkpoints. */
export interface CursorName {
  readonly projection: string;
  readonly version: number;
  readonly partition: PartitionId;
}

/** Where the fold of one projection version over one partition stands in memory. */
export class Cursor {
  readonly projection: string;
  readonly version: number;
  readonly partition: PartitionId;
  index: LogIndex;
  term: Term;
  time: LogTime;
  readonly digest: RowDigest;

  constructor(name: CursorName, start: Checkpoint) {
    this.projection = name.projection;
    this.version = name.version;
    this.partition = name.partition;
    this.index = start.index;
    this.term = start.term;
    this.time = start.time;
    this.digest = start.digest.clone();
  }

  checkpoint(): Checkpoint {
    const { index, term, time } = this;
    return { index, term, time, digest: this.digest.clone() };
  }
}

/**
 * A cursor's step in one batch: the row moves from `from` to where the cursor stands at the end.
 */
export interface CheckpointMove {
  readonly cursor: Cursor;
  readonly from: Checkpoint;
  readonly to: Checkpoint;
}

/** Another writer moved a checkpoint: this one must forget what it holds and read again. */
export class FencedError extends Error {
  override readonly name = 'FencedError';

  constructor(
    readonly moved: number,
    readonly expected: number,
  ) {
    super(`another writer moved the checkpoints (${moved} of ${expected} were where we left them)`);
  }
}
