import type { Clock, NodeName, PartitionId, Random } from '@metad/foundation';
import type { NodeLog } from '../storage/log-port.js';
import type { SnapshotStore } from '../storage/snapshot-port.js';
import type { Transport } from '../transport/transport-port.js';
import type { StateMachineFactory } from './state-machine-port.js';
import type { Turns } from './turns.js';

/** Everything a node is made of. All time, chance and I/O come in here. */
export interface RaftNodeOptions {
  readonly self: NodeName;
  readonly log: NodeLog;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  readonly stateMachine: StateMachineFactory;
  readonly clock: Clock;
  readonly random: Random;
  readonly turns: Turns;
  /**
   * The node can no longer keep its promises (a failed write or fsync): it has stopped voting and
   * sending; the process must exit.
   */
  readonly onFatal: (error: Error) => void;
  /** One partition met a broken invariant or a failing apply and stopped; the others go on. */
  readonly onPartitionStopped?: (partition: PartitionId, error: Error) => void;
  readonly limits?: Partial<NodeLimits>;
}

/** Times in milliseconds, sizes in bytes. Every limit says what happens when it is reached. */
export interface NodeLimits {
  readonly heartbeatMs: number;
  readonly electionMs: number;
  /** Proposals queued or in the log but not applied: beyond it `dropped('overloaded')`. */
  readonly inFlightPerPartitionMax: number;
  readonly inFlightPerNodeMax: number;
  /** How long a proposer waits before it learns `unknown`. */
  readonly proposalTimeoutMs: number;
  /** Proposals handed to one core in one round; the rest wait for the next. */
  readonly proposalsPerRoundMax: number;
  /** Waiting reads and applies of one partition: beyond it they fail at once. */
  readonly waitersPerPartitionMax: number;
  /** Request frames to one peer that are not answered yet; beyond it messages gather. */
  readonly framesInFlightMax: number;
  /** A frame is closed when it reaches this size; larger batches are split over several. */
  readonly frameBytesTarget: number;
  /** Messages gathered for one peer; beyond it appends are dropped and probed for again. */
  readonly gatheredBytesMax: number;
  /** Entries applied before other work gets a turn, over all partitions and for one. */
  readonly applyEntriesPerTurn: number;
  readonly applyEntriesPerPartitionTurn: number;
  /** Ticks without work after which a leader lets its partition go quiet. */
  readonly quietAfterTicks: number;
  /** Applied entries between two snapshots of a partition. */
  readonly snapshotEntries: number;
  /** Entries kept behind a snapshot for followers that are a little late. */
  readonly trailingEntries: number;
  /** A subscriber further behind the newest snapshot than this no longer holds the log. */
  readonly lagEntriesMax: number;
  /** Snapshots written, and snapshots sent, at the same time; the others wait their turn. */
  readonly snapshotWritesMax: number;
  readonly snapshotSendsMax: number;
  readonly snapshotChunkBytes: number;
  /**
   * Between two chunks of a snapshot that is written; with 0 the next follows in the next turn. All
   * replicas take theirs at the same index: without a pause each turn of all of them has a chunk.
   */
  readonly snapshotPauseMs: number;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  readonly committedBytesMax: number;
  /** How often leaders consider giving a leadership away. */
  readonly spreadMs: number;
}

export const DEFAULT_NODE_LIMITS: NodeLimits = {
  heartbeatMs: 100,
  electionMs: 1000,
  inFlightPerPartitionMax: 4_096,
  inFlightPerNodeMax: 16_384,
  proposalTimeoutMs: 10_000,
  proposalsPerRoundMax: 1_024,
  waitersPerPartitionMax: 16_384,
  framesInFlightMax: 8,
  frameBytesTarget: 128 * 1024,
  gatheredBytesMax: 16 * 1024 * 1024,
  applyEntriesPerTurn: 1_024,
  applyEntriesPerPartitionTurn: 256,
  quietAfterTicks: 10,
  snapshotEntries: 10_000,
  trailingEntries: 5_000,
  lagEntriesMax: 1_000_000,
  snapshotWritesMax: 1,
  snapshotSendsMax: 2,
  snapshotChunkBytes: 128 * 1024,
  snapshotPauseMs: 0,
  appendBytesMax: 128 * 1024,
  inflightAppendsMax: 64,
  inflightBytesMax: 4 * 1024 * 1024,
  uncommittedBytesMax: 16 * 1024 * 1024,
  committedBytesMax: 1024 * 1024,
  spreadMs: 2_000,
};

/** Ticks are half a heartbeat: fine enough for jitter, coarse enough to cost nothing. */
export const HEARTBEAT_TICKS = 2;

export interface TickTimes {
  readonly tickMs: number;
  readonly electionTicks: number;
}

export function tickTimes(limits: NodeLimits): TickTimes {
  const tickMs = limits.heartbeatMs / HEARTBEAT_TICKS;
  return { tickMs, electionTicks: Math.max(3, Math.round(limits.electionMs / tickMs)) };
}
