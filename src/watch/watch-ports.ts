import type { RecordBody } from '@metad/contract';
import type { StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';

/** Where records lie on this node, as watches see it. */
export interface WatchedPartitions {
  /** Names the cluster's history. Throws NO_LEADER while partition 0 is not known yet. */
  incarnation(): string;
  /** Partitions that hold records and of which this node has a replica, in order. */
  partitions(): readonly PartitionId[];
  /** Calls `listener` when the answers above may have changed; at once if they are known. */
  onChange(listener: () => void): void;
}

/** The records of a partition as of one index. */
export interface RecordImage {
  readonly index: LogIndex;
  readonly records: readonly StoredRecord[];
}

export interface WatchedRecords {
  /**
   * References to the records of one namespace (all when null) and one kind (all when null), taken
   * in one go, so that they are consistent.
   */
  capture(partition: PartitionId, namespace: string | null, kind: string | null): RecordImage;
  /** As clients see it. */
  toBody(record: StoredRecord): RecordBody;
  /** The id that clients see for a record's key. */
  idOf(kind: string, key: string): string;
}

/** Where one watcher's messages go: an inbox, or an HTTP response. */
export interface WatchSink {
  /**
   * Sends one message. With `mark`, the consumer's answer to this message must come back as
   * `answered(mark)`: everything up to it has then been taken.
   */
  send(message: Uint8Array, mark: number | null): void;
  /** The last message was sent. */
  close(): void;
}
