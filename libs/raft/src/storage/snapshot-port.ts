import type { LogIndex, PartitionId } from '@metad/foundation';
import type { SnapshotMeta } from '../core/index.js';

/** Metadata and size of a stored snapshot. Its body is a sequence of opaque chunks. */
export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly bytes: number;
  readonly chunks: number;
  /** CRC32C over the whole body. */
  readonly checksum: number;
}

/** Snapshots of all partitions of a node; a snapshot is visible only when complete and durable. */
export interface SnapshotStore {
  latest(partition: PartitionId): StoredSnapshot | null;
  /**
   * The newest retained one whose index is at most `atMost`: where a replay can begin. One that is
   * seen to be damaged is passed over.
   */
  newestUpTo(partition: PartitionId, atMost: LogIndex): StoredSnapshot | null;
  /** Streams chunks into a temporary file; visible after atomic rename and directory fsync. */
  write(
    partition: PartitionId,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<StoredSnapshot>;
  /**
   * The body, chunk by chunk, each verified against its checksum, and all together at the end: use
   * nothing of it before. Throws `SnapshotCorruption`.
   */
  read(partition: PartitionId, index: LogIndex): AsyncIterable<Uint8Array>;
  /** One raw chunk for transfer: verified bytes, or null when there is no such chunk. */
  readChunk(partition: PartitionId, index: LogIndex, chunk: number): Promise<Uint8Array | null>;
  /** Begins or resumes the receipt of a snapshot; returns the number of chunks already held. */
  receive(partition: PartitionId, snapshot: StoredSnapshot): Promise<SnapshotReceipt>;
  /** Removes older snapshots than the newest `keep`. */
  prune(partition: PartitionId, keep: number): Promise<void>;
}

export interface SnapshotReceipt {
  readonly held: number;
  put(chunk: number, bytes: Uint8Array): Promise<void>;
  /** Verifies the whole and makes it visible. Throws when the checksum does not match. */
  finish(): Promise<StoredSnapshot>;
  abandon(): Promise<void>;
}

/** A snapshot's bytes are not what was written. It must not be used; an older one may be. */
export class SnapshotCorruption extends Error {
  override readonly name = 'SnapshotCorruption';
}
