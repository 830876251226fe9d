import type { RecordBody } from '@metad/contract';
import type { StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';

/** Look-ups by key: served from the state machines in memory, never from SQL. */
export interface RecordLookup {
  /** The partition of a routing key; `prefix` says that the whole key is hashed. */
  partitionOf(key: string, prefix: boolean): PartitionId;
  /** Of the partition map: it grows whenever a key may have moved. */
  mapGeneration(): number;
  find(partition: PartitionId, kind: string, namespace: string, key: string): StoredRecord | null;
  /** The record as clients see it. */
  bodyOf(record: StoredRecord): RecordBody;
  /**
   * The first outcome of a command as its reply or error body, in brief where it cannot be told
   * whose it is; null when it is not remembered, or was sent to another namespace.
   */
  outcomeOf(
    partition: PartitionId,
    namespace: string,
    commandId: string,
  ): Promise<Readonly<Record<string, unknown>> | null>;
}

/** How fresh this node is, and how it waits to become fresher. */
export interface ReadBarrier {
  incarnation(): string;
  /** User partitions, ascending. */
  partitions(): readonly PartitionId[];
  appliedIndex(partition: PartitionId): LogIndex;
  /** Index that a linearizable read must wait for. Throws NO_LEADER. */
  readIndex(partition: PartitionId, timeoutMs: number): Promise<LogIndex>;
  /** Resolves when this node has applied `index`. Throws POSITION_NOT_REACHED. */
  reach(partition: PartitionId, index: LogIndex, timeoutMs: number): Promise<void>;
  /**
   * Upper bound in milliseconds of how old an answer can be, counted from the question; asks the
   * leader when what is known is older than `enoughMs`, so that nothing acknowledged before the
   * question is missing: 0. Infinite when nothing is known and no leader answers.
   */
  boundMs(partition: PartitionId, enoughMs: number, timeoutMs: number): Promise<number>;
  /** An estimate of the same for replies, without asking anybody. */
  lagMs(partition: PartitionId): number;
}

/** The read model as queries see it. */
export interface ReadModel {
  /** Runs one statement on a projection's view. Throws RESTORING while it is not to be read. */
  select(projection: string, text: string, values: readonly unknown[]): Promise<readonly SqlRow[]>;
  /** What the tables of a projection hold of a partition. */
  absorbed(projection: string, partition: PartitionId): LogIndex;
  /** True once they hold `index`; false at the time-out. Does not ask the database. */
  awaitAbsorbed(
    projection: string,
    partition: PartitionId,
    index: LogIndex,
    timeoutMs: number,
  ): Promise<boolean>;
  /** Milliseconds that the tables of a projection are behind this node's own state. */
  lagMs(projection: string): number;
}

export type SqlRow = Readonly<Record<string, unknown>>;
