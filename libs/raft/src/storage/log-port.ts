import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import type { Entry, HardState, SnapshotMeta, StoredLog } from '../core/index.js';

/**
 * What one partition adds to a durable write. Order inside: snapshot, truncation, entries, state.
 */
export interface PartitionWrite {
  readonly partition: PartitionId;
  readonly hardState: HardState | null;
  /** Replaces everything stored below and including its index. Its file is already durable. */
  readonly snapshot: SnapshotMeta | null;
  /** Contiguous. A first index at or below the stored last index cuts the stored suffix first. */
  readonly entries: readonly Entry[];
}

/** What recovery found of one partition. */
export interface RecoveredPartition {
  readonly partition: PartitionId;
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta;
  /**
   * `sound`: serve. `corrupt`: neither vote nor lead; refill from a peer. `reason` names file and
   * offset.
   */
  readonly state: 'sound' | 'corrupt';
  readonly reason: string | null;
}

/**
 * One write-ahead log per node for all partitions. Reads see what was given to `append` at once
 * (the tail is in memory); durability is known when the promise resolves. A failed write or fsync
 * rejects with `LogFailure` for ever after: the node must stop.
 */
export interface NodeLog {
  /** Recovered partitions, sorted by id. Valid after open. */
  recovered(): readonly RecoveredPartition[];
  /** Starts a partition that was not recovered, at index 0 or at a snapshot. */
  create(partition: PartitionId, snapshot: SnapshotMeta): void;
  /** The stored log of one partition; the same object on every call. */
  partition(partition: PartitionId): StoredLog;
  /** Writes all partitions' additions with one write and, if `sync`, one fdatasync. */
  append(writes: readonly PartitionWrite[], sync: boolean): Promise<void>;
  /** A snapshot at `snapshot.index` is durable: entries up to `upTo` ≤ its index may go. */
  compact(partition: PartitionId, snapshot: SnapshotMeta, upTo: LogIndex): void;
  /** Every committed entry still on disk, oldest first, from `from`; for archive and replay. */
  lastTerm(partition: PartitionId): Term;
  stats(): LogStats;
  close(): Promise<void>;
}

export interface LogStats {
  readonly bytesWritten: number;
  readonly entriesWritten: number;
  readonly syncs: number;
  readonly syncMsLast: number;
  readonly segments: number;
  readonly bytesOnDisk: number;
  readonly tailBytes: number;
}

/** The log can no longer promise anything: a write or fsync failed. Fatal to the node. */
export class LogFailure extends Error {
  override readonly name = 'LogFailure';
}
