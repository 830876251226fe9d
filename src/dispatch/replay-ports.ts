import type { AppliedEntry, StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry, SnapshotMeta, StateMachine } from '@metad/raft';

/** Committed entries from the log, and before it from the archive. */
export interface CommittedLog {
  /**
   * Entries from `from`, contiguous, at least one unless `from` is beyond the last committed one,
   * then up to `bytesMax`. Null when `from` is in neither log nor archive.
   */
  read(partition: PartitionId, from: LogIndex, bytesMax: number): Promise<readonly Entry[] | null>;
}

export interface ReplaySnapshot {
  readonly meta: SnapshotMeta;
  /** The image's chunks, verified. Throws on corruption. */
  open(): AsyncIterable<Uint8Array>;
}

export interface SnapshotSource {
  /** The newest retained snapshot whose index is at most `atMost`, or null. */
  newest(partition: PartitionId, atMost: LogIndex): Promise<ReplaySnapshot | null>;
}

/** A state machine of its own for a replay: nothing it does is seen by clients. */
export interface ReplayMachine extends Pick<StateMachine, 'apply' | 'restore' | 'appliedIndex'> {
  /** The present records, in any order. Valid until the next `apply`. */
  records(): Iterable<StoredRecord>;
}

/** Makes a machine whose every applied entry goes to `onApplied`. */
export type ReplayMachineFactory = (
  partition: PartitionId,
  onApplied: (entry: AppliedEntry) => void,
) => ReplayMachine;

export interface ReplayPorts {
  readonly log: CommittedLog;
  readonly snapshots: SnapshotSource;
  readonly machine: ReplayMachineFactory;
  /** Monotonic milliseconds, for slices. */
  monotonic(): number;
}
