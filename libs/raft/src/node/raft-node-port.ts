import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { ConfChange, ConfState, Entry, ReplicaStatus } from '../core/index.js';
import type { NodeStatsSnapshot } from './node-stats.js';
import type { ProposalObserver } from './state-machine-port.js';

/** Leadership of one partition as this node sees it. */
export interface LeaderChange {
  readonly partition: PartitionId;
  readonly term: Term;
  readonly leader: NodeName | null;
  /** This node leads and has applied the no-op of its term: it may serve and answer reads. */
  readonly serving: boolean;
}

/** No leader confirmed a read, or a transfer, in time: nothing was changed, try again. */
export class NoLeaderError extends Error {
  override readonly name = 'NoLeaderError';
}

/** All replicas of one process, driven by one loop. What `src/consensus` talks to. */
export interface RaftNode {
  readonly self: NodeName;
  start(): Promise<void>;
  /** Creates (or opens, when recovered) this node's replica of a partition. Idempotent. */
  openPartition(partition: PartitionId, bootstrap: ConfState): Promise<void>;
  partitions(): readonly PartitionId[];
  /** Bounded: beyond the partition's or node's limit the observer is dropped with `overloaded`. */
  propose(
    partition: PartitionId,
    data: Uint8Array,
    observer: ProposalObserver,
    attachment?: unknown,
  ): void;
  /**
   * Resolves with an index that a linearizable read must wait for; rejects with `NoLeaderError`.
   */
  readIndex(partition: PartitionId, timeoutMs: number): Promise<LogIndex>;
  /** Resolves when this node has applied `index`; false on time-out. */
  waitApplied(partition: PartitionId, index: LogIndex, timeoutMs: number): Promise<boolean>;
  /** Resolves when `to` leads as seen from here; rejects with `NoLeaderError` when it does not. */
  transferLeadership(partition: PartitionId, to: NodeName): Promise<void>;
  /**
   * Proposes a change of this partition's replicas; the observer hears of it as of any proposal.
   */
  proposeConfChange(partition: PartitionId, change: ConfChange, observer: ProposalObserver): void;
  status(partition: PartitionId): PartitionStatus | null;
  leaderOf(partition: PartitionId): NodeName | null;
  /** Highest index applied here; cheap enough to ask for every query. 0 without a replica. */
  appliedIndex(partition: PartitionId): LogIndex;
  onLeaderChange(listener: (change: LeaderChange) => void): void;
  /** Committed entries still in the log, from `from`, up to `bytesMax`; null when compacted. */
  readCommitted(partition: PartitionId, from: LogIndex, bytesMax: number): readonly Entry[] | null;
  /** Oldest index a subscriber still needs; compaction keeps it, up to the lag budget. */
  holdLog(partition: PartitionId, holder: string, index: LogIndex): void;
  /** How the loop does; reading it costs a walk over the partitions. */
  stats(): NodeStatsSnapshot;
  /**
   * Transfers leadership away, finishes what is in flight, refuses new proposals. Leadership that
   * comes later is given away too, until `undrain`. What nobody else could take stays here.
   */
  drain(timeoutMs: number): Promise<void>;
  /** Takes proposals and leadership again. */
  undrain(): void;
  /**
   * Ends all activity; proposers learn `unknown`. Log, snapshots and transport stay open, whoever
   * opened them closes them.
   */
  stop(): Promise<void>;
}

export interface PartitionStatus extends ReplicaStatus {
  readonly partition: PartitionId;
  readonly firstIndex: LogIndex;
  readonly state: 'running' | 'quiet' | 'corrupt' | 'stopped' | 'installing';
  readonly reason: string | null;
}
