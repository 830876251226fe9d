import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { Entry, SnapshotMeta } from '../core/index.js';

/**
 * The application's replica of one partition. `apply` is called once for every committed entry
 * (no-ops and membership changes too: the cursor moves on all), in index order, synchronously.
 */
export interface StateMachine {
  /**
   * `attachment` is what the proposer on this node handed to `propose` (say, the parsed command),
   * undefined on other nodes and after a restart; it must not change the result. The returned
   * value goes to the proposer's `applied` callback. Throwing stops the partition on this node.
   */
  apply(entry: Entry, attachment: unknown): unknown;
  /**
   * Told before some entries are applied: so many are known to be committed and not yet applied
   * here. After a restart that may be a million, and what the last of them will undo need not be
   * done well; it must not change a result.
   */
  willApply?(entries: number): void;
  /** Highest index consumed. */
  appliedIndex(): LogIndex;
  /** A consistent image as of `appliedIndex()`, streamed in slices while `apply` goes on. */
  capture(): StateImage;
  /** Replaces the whole state. */
  restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface StateImage {
  readonly index: LogIndex;
  /**
   * Writing the image costs about as much as so many entries did: the next one is not due before
   * that many were applied, so that snapshots never cost more than what they save to replay.
   */
  readonly entriesWorth?: number;
  chunks(): AsyncIterable<Uint8Array>;
  /** Frees what the image holds; called once, also after failure. */
  release(): void;
}

/** Makes the state machine of a partition when the node starts or creates it. */
export type StateMachineFactory = (partition: PartitionId) => StateMachine;

/** What a proposer learns; exactly one of them is called, once. */
export interface ProposalObserver {
  /** Committed and applied on this node; `result` is what `apply` returned. */
  applied(result: unknown, index: LogIndex, term: Term): void;
  /** Surely never in the log: no leader here, overload, or another entry took its place. */
  dropped(reason: DropReason, leader: NodeName | null): void;
  /** It may or may not take effect: leadership was lost or the node stops. */
  unknown(reason: string): void;
}

export type DropReason =
  | 'notLeader'
  | 'noLeader'
  | 'overloaded'
  | 'replaced'
  | 'transferring'
  | 'stopping'
  | 'storageFull'
  | 'noPartition'
  /** A membership change that does not fit the present membership. */
  | 'invalid'
  /** No frame could bring it to the others. */
  | 'tooLarge';
