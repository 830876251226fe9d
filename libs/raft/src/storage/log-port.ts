import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import type { Entry, HardState, SnapshotMeta, StoredLog } from '../core/index.js';

/**
 * What one partition adds to a durable write; it may be nothing. Order inside: snapshot,
 * truncation, entries, state.
 */
export interface PartitionWrite {
  readonly partition: PartitionId;
  readonly hardState: HardState | null;
  /**
   * Replaces the whole stored log, entries above its index too (a core that wants to keep those
   * has them in `entries`). Its file is already durable.
   */
  readonly snapshot: SnapshotMeta | null;
  /** Contiguous. A first index at or below the stored last index cuts the stored suffix first. */
  readonly entries: readonly Entry[];
}

/**
 * What is wrong with a partition's stored log. `corrupt`: acknowledged records are lost. `suspect`:
 * the newest write is bad, and nobody can tell whether power failed before it was acknowledged or
 * the disk damaged it afterwards. `reason` names file and offset.
 */
export interface Damage {
  readonly kind: 'corrupt' | 'suspect';
  readonly reason: string;
}

/** What recovery found of one partition. */
export interface RecoveredPartition {
  readonly partition: PartitionId;
  readonly hardState: HardState;
  readonly snapshot: SnapshotMeta;
  /**
   * `sound`: serve. Else the stored log holds only what can be trusted, `hardState` has no vote and
   * the highest term seen: neither vote nor lead, refill from peers, then `heal`.
   */
  readonly state: 'sound' | Damage['kind'];
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
  /** What opening found and did, for the operator. */
  report(): RecoveryReport;
  /** Starts a partition that was not recovered, at index 0 or at a snapshot. */
  create(partition: PartitionId, snapshot: SnapshotMeta): void;
  /** Why a partition must neither vote nor lead; null when it is sound. */
  damageOf(partition: PartitionId): Damage | null;
  /**
   * Declares a damaged partition refilled: it holds again everything that it may ever have
   * acknowledged, and `hardState.term` is above every term it may have voted in.
   */
  heal(partition: PartitionId, hardState: HardState): Promise<void>;
  /**
   * Declares a partition corrupt whose log is sound, but cannot be used from its beginning: all
   * that it holds goes, up to `base`, and it must be refilled like one that lost records.
   */
  condemn(partition: PartitionId, base: SnapshotMeta, reason: string): Promise<void>;
  /** The stored log of one partition; the same object on every call. */
  partition(partition: PartitionId): StoredLog;
  /** Writes all partitions' additions with one write and, if `sync`, one fdatasync. */
  append(writes: readonly PartitionWrite[], sync: boolean): Promise<void>;
  /**
   * A snapshot at `snapshot.index` is durable: entries up to `upTo` ≤ its index may go. They go
   * when the archive has them, so `firstIndex` may move later. Ask again after a restart.
   */
  compact(partition: PartitionId, snapshot: SnapshotMeta, upTo: LogIndex): void;
  /** Term of the last entry, or of the snapshot when there is none. */
  lastTerm(partition: PartitionId): Term;
  stats(): LogStats;
  /** The soft limit of the disk is reached: refuse what grows state. Cheap; ends by itself. */
  isStorageFull(): boolean;
  close(): Promise<void>;
}

/** What opening a log found and did. */
export interface RecoveryReport {
  /** True when the directory was empty: under an old name, this node must not vote. */
  readonly fresh: boolean;
  readonly segments: number;
  readonly records: number;
  /** Bytes of a torn tail that were cut. */
  readonly cutBytes: number;
  /**
   * Set when records were lost, or may be, that cannot be charged to a partition: one that is not
   * recovered may have existed, so whatever is created now starts with this kind of damage.
   */
  readonly unattributed: Damage['kind'] | null;
  /** Damage and repairs in words. */
  readonly findings: readonly string[];
}

export interface LogStats {
  readonly bytesWritten: number;
  readonly entriesWritten: number;
  readonly syncs: number;
  readonly syncMsLast: number;
  readonly segments: number;
  readonly bytesOnDisk: number;
  readonly tailBytes: number;
  /** Bytes of entries that are still needed. */
  readonly liveBytes: number;
  /** The soft limit of the disk is reached: refuse what grows state. Ends by itself. */
  readonly storageFull: boolean;
  /** Why old entries cannot be archived or removed at present; null when they can. */
  readonly cleaningFault: string | null;
}

/** The log can no longer promise anything: a write or fsync failed. Fatal to the node. */
export class LogFailure extends Error {
  override readonly name = 'LogFailure';
}
