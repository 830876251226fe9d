import type { PartitionId } from '@metad/foundation';
import type { SnapshotMeta } from '../../core/index.js';
import type { DiskFile, FileSystem } from '../file-system-port.js';
import { checksum } from '../log/format/checksum.js';
import type { StoredSnapshot } from '../snapshot-port.js';
import {
  CHUNK_HEADER_BYTES,
  chunkHeader,
  readChunkAt,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_HEADER_BYTES,
  snapshotFooter,
  snapshotHeader,
} from './snapshot-file.js';

/** So much is written between syncs: the last one has little left to do. */
const SYNC_EVERY_BYTES = 8 * 1024 * 1024;

/** One snapshot on its way into a temporary file, chunk after chunk. */
export class SnapshotWriter {
  private readonly lengths: number[] = [];
  private offset = SNAPSHOT_HEADER_BYTES;
  private bytes = 0;
  private sum = 0;
  private unsynced = 0;

  private constructor(
    private readonly fileSystem: FileSystem,
    private readonly directory: string,
    private readonly temporary: string,
    private readonly file: DiskFile,
  ) {}

  static begin(
    fileSystem: FileSystem,
    directory: string,
    temporary: string,
    partition: PartitionId,
  ): SnapshotWriter {
    const file = fileSystem.open(`${directory}/${temporary}`, 'create');
    file.write(snapshotHeader(partition), 0);
    return new SnapshotWriter(fileSystem, directory, temporary, file);
  }

  /** Goes on with a file left behind: keeps its chunks up to the first that is not whole. */
  static resume(
    fileSystem: FileSystem,
    directory: string,
    temporary: string,
    partition: PartitionId,
  ): SnapshotWriter {
    const file = fileSystem.open(`${directory}/${temporary}`, 'write');
    file.write(snapshotHeader(partition), 0); // A crash may have kept the chunks and lost this.
    const writer = new SnapshotWriter(fileSystem, directory, temporary, file);
    for (;;) {
      const chunk = readChunkAt(file, writer.offset);
      if (chunk === null) break;
      writer.count(chunk);
    }
    file.truncate(writer.offset);
    return writer;
  }

  get chunks(): number {
    return this.lengths.length;
  }

  async add(chunk: Uint8Array): Promise<void> {
    if (chunk.length > SNAPSHOT_CHUNK_BYTES_MAX) {
      throw new RangeError(
        `a snapshot chunk of ${chunk.length} bytes is over ${SNAPSHOT_CHUNK_BYTES_MAX}`,
      );
    }
    this.file.write(chunkHeader(chunk), this.offset);
    this.file.write(chunk, this.offset + CHUNK_HEADER_BYTES);
    this.count(chunk);
    this.unsynced += chunk.length;
    if (this.unsynced < SYNC_EVERY_BYTES) return;
    this.unsynced = 0;
    await this.file.sync();
  }

  private count(chunk: Uint8Array): void {
    this.lengths.push(chunk.length);
    this.offset += CHUNK_HEADER_BYTES + chunk.length;
    this.bytes += chunk.length;
    this.sum = checksum(chunk, 0, chunk.length, this.sum);
  }

  /** What the chunks so far amount to. */
  summary(meta: SnapshotMeta): StoredSnapshot {
    return { meta, bytes: this.bytes, chunks: this.chunks, checksum: this.sum };
  }

  /** Completes the file and makes it visible under its name, durably. */
  async publish(meta: SnapshotMeta, name: string): Promise<StoredSnapshot> {
    const stored = this.summary(meta);
    this.file.write(snapshotFooter(stored, this.lengths), this.offset);
    await this.file.sync();
    this.file.close();
    this.fileSystem.rename(`${this.directory}/${this.temporary}`, `${this.directory}/${name}`);
    await this.fileSystem.syncDirectory(this.directory);
    return stored;
  }

  /** Closes the file; `keep` leaves it for a later resumption. */
  abandon(keep: boolean): void {
    this.file.close();
    if (!keep) this.fileSystem.remove(`${this.directory}/${this.temporary}`);
  }
}
