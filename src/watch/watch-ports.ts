import type { StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { RecordParts } from '../decide/index.js';

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
  /** Can be gone through once. */
  readonly records: Iterable<StoredRecord>;
}

export interface WatchedRecords {
  /**
   * The records of one namespace (all when null) and one kind (all when null) as they are now,
   * whenever they are asked for.
   */
  capture(partition: PartitionId, namespace: string | null, kind: string | null): RecordImage;
  /** As clients see it, in JSON. */
  bodyText(record: StoredRecord): string;
  /** The same in parts, which are cheaper to write out than to put together. */
  bodyParts(record: StoredRecord): RecordParts;
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
