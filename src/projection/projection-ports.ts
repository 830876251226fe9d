import type { AppliedEntry } from '@metad/eventsourcing';
import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import type { EntrySource, RebuildSource } from '@metad/projection';

/** Where the read model stands in this process: what it projects, and whom it tells. */
export interface ProjectionPorts {
  readonly source: EntrySource & RebuildSource;
  readonly clock: Clock;
  /** Null until the cluster's beginning has been applied here. */
  incarnation(): string | null;
  /** User partitions of this node, ascending. */
  partitions(): readonly PartitionId[];
  /** The cluster's committed index of a partition, or null when it cannot be learned now. */
  committed(partition: PartitionId): Promise<LogIndex | null>;
  /** Tells the log which index the tables still need next. */
  hold?(partition: PartitionId, index: number): void;
  /** Receives a copy of every event once its rows are written, for side effects. */
  readonly eventBus?: EffectsBus;
  /** The other nodes' administration, and this one's: what a job on all nodes works through. */
  readonly peers?: PeerNodes;
  /** Entries whose rows are in the tables of this node now. Must not throw. */
  onWritten?(entries: readonly AppliedEntry[]): void;
  /** What an operator should read. */
  onTrouble(reason: string, error: unknown): void;
}

export interface EffectsBus {
  publish(event: object): unknown;
  /** False while nobody listens: then no copies are made. */
  isHeard(): boolean;
}

export interface PeerNodes {
  /** Names of all nodes that hold partitions, sorted. */
  names(): readonly string[];
  /** Throws what the node answers, NO_LEADER when it does not. */
  ask<Reply>(node: string, noun: string, verb: string, body: object): Promise<Reply>;
}

export interface ProjectionSettings {
  readonly url: string;
  /** One per node: `metad_n1`. */
  readonly schema: string;
  readonly queryConnectionsMax: number;
  readonly statementTimeoutMs: number;
}

export const defaultProjectionSettings = {
  queryConnectionsMax: 8,
  statementTimeoutMs: 30_000,
} as const;
