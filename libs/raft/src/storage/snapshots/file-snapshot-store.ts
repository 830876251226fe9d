import { logIndex } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { SnapshotMeta } from '../../core/index.js';
import { realFileSystem } from '../disk/real-file-system.js';
import type { FileSystem } from '../file-system-port.js';
import type { SnapshotReceipt, SnapshotStore, StoredSnapshot } from '../snapshot-port.js';
import { SnapshotCorruption } from '../snapshot-port.js';
import { FileSnapshotReceipt } from './file-snapshot-receipt.js';
import {
  CHUNK_HEADER_BYTES,
  chunksOf,
  digits,
  readChunkAt,
  readFooter,
  SNAPSHOT_HEADER_BYTES,
  snapshotName,
  snapshotOf,
} from './snapshot-file.js';
import type { SnapshotFooter } from './snapshot-file.js';
import { SnapshotWriter } from './snapshot-writer.js';

export interface SnapshotStoreOptions {
  /** The node's data directory; snapshots live in `snapshots/` below it. */
  readonly directory: string;
  readonly fileSystem?: FileSystem;
}

/**
 * Opens the snapshots of a data directory, which the node's log has made and locked. Only headers
 * and footers are read: a damaged body is found when it is read. A file whose footer is damaged is
 * set aside as `….damaged`, and the one before it is the latest.
 */
export function openSnapshotStore(options: SnapshotStoreOptions): FileSnapshotStore {
  return new FileSnapshotStore(options.fileSystem ?? realFileSystem, options.directory);
}

export class FileSnapshotStore implements SnapshotStore {
  private readonly directory: string;
  /** Indexes of the snapshots of each partition, rising. */
  private readonly indexes = new Map<PartitionId, number[]>();
  private readonly newest = new Map<PartitionId, StoredSnapshot>();
  private temporaries = 0;
  private footer: { path: string; footer: SnapshotFooter } | null = null;
  /** Files that could not be used, for the operator. */
  readonly findings: string[] = [];

  constructor(
    private readonly fileSystem: FileSystem,
    dataDirectory: string,
  ) {
    this.directory = `${dataDirectory}/snapshots`;
    fileSystem.ensureDirectory(this.directory);
    for (const name of fileSystem.list(this.directory)) {
      if (name.endsWith('.tmp')) fileSystem.remove(`${this.directory}/${name}`);
      const found = snapshotOf(name);
      if (found !== null) this.note(found.partition, found.index);
    }
    for (const partition of this.indexes.keys()) this.findNewest(partition);
  }

  private note(partition: PartitionId, index: number): void {
    const indexes = this.indexes.get(partition) ?? [];
    if (!indexes.includes(index)) indexes.push(index);
    indexes.sort((a, b) => a - b);
    this.indexes.set(partition, indexes);
  }

  private findNewest(partition: PartitionId): void {
    const found = this.newestUpTo(partition, logIndex(Number.MAX_SAFE_INTEGER));
    if (found === null) this.newest.delete(partition);
    else this.newest.set(partition, found);
  }

  /** Such a file is never used again, and stays for whoever wants to know what happened to it. */
  private setAside(partition: PartitionId, index: number, fault: SnapshotCorruption): void {
    const path = this.pathOf(partition, index);
    this.findings.push(`${fault.message}: set aside`);
    this.fileSystem.rename(path, `${path}.damaged`);
    const indexes = this.indexes.get(partition) ?? [];
    indexes.splice(indexes.indexOf(index), 1);
    if (this.newest.get(partition)?.meta.index === index) this.findNewest(partition);
  }

  private pathOf(partition: PartitionId, index: number): string {
    return `${this.directory}/${snapshotName(partition, index)}`;
  }

  private footerOf(partition: PartitionId, index: LogIndex): SnapshotFooter {
    const path = this.pathOf(partition, index);
    if (this.footer?.path === path) return this.footer.footer;
    const file = this.fileSystem.open(path, 'read');
    try {
      const footer = readFooter(file, { path, partition, index });
      this.footer = { path, footer };
      return footer;
    } finally {
      file.close();
    }
  }

  latest(partition: PartitionId): StoredSnapshot | null {
    return this.newest.get(partition) ?? null;
  }

  newestUpTo(partition: PartitionId, atMost: LogIndex): StoredSnapshot | null {
    const indexes = this.indexes.get(partition) ?? [];
    for (;;) {
      const index = indexes.findLast((held) => held <= atMost);
      if (index === undefined) return null;
      try {
        return this.footerOf(partition, logIndex(index)).stored;
      } catch (fault) {
        if (!(fault instanceof SnapshotCorruption)) throw fault;
        this.setAside(partition, index, fault);
      }
    }
  }

  async write(
    partition: PartitionId,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<StoredSnapshot> {
    this.temporaries += 1;
    const temporary = `p${partition}.${this.temporaries}.tmp`;
    const writer = SnapshotWriter.begin(this.fileSystem, this.directory, temporary, partition);
    try {
      for await (const chunk of chunks) await writer.add(chunk);
    } catch (fault) {
      writer.abandon(false);
      throw fault;
    }
    return this.publish(writer, partition, meta);
  }

  /** Completes a snapshot that was written or received. */
  async publish(
    writer: SnapshotWriter,
    partition: PartitionId,
    meta: SnapshotMeta,
  ): Promise<StoredSnapshot> {
    this.footer = null;
    const stored = await writer.publish(meta, snapshotName(partition, meta.index));
    this.note(partition, meta.index);
    if (meta.index >= (this.newest.get(partition)?.meta.index ?? 0)) {
      this.newest.set(partition, stored);
    }
    return stored;
  }

  async *read(partition: PartitionId, index: LogIndex): AsyncGenerator<Uint8Array> {
    const path = this.pathOf(partition, index);
    const footer = this.footerOf(partition, index);
    const file = this.fileSystem.open(path, 'read');
    try {
      yield* chunksOf(file, path, footer);
    } finally {
      file.close();
    }
  }

  async readChunk(
    partition: PartitionId,
    index: LogIndex,
    chunk: number,
  ): Promise<Uint8Array | null> {
    const known = this.indexes.get(partition)?.includes(index) ?? false;
    if (!known) return null;
    const path = this.pathOf(partition, index);
    const { chunkLengths } = this.footerOf(partition, index);
    if (chunk < 0 || chunk >= chunkLengths.length) return null;
    let offset = SNAPSHOT_HEADER_BYTES;
    for (const length of chunkLengths.slice(0, chunk)) offset += CHUNK_HEADER_BYTES + length;
    const file = this.fileSystem.open(path, 'read');
    try {
      const bytes = readChunkAt(file, offset);
      if (bytes === null) throw new SnapshotCorruption(`chunk ${chunk} is damaged in ${path}`);
      return bytes;
    } finally {
      file.close();
    }
  }

  async receive(partition: PartitionId, snapshot: StoredSnapshot): Promise<SnapshotReceipt> {
    const { meta, checksum, chunks } = snapshot;
    const prefix = `p${partition}.`;
    const name = `${prefix}${digits(meta.index)}.${checksum.toString(16)}.${chunks}.part`;
    let writer: SnapshotWriter | null = null;
    for (const other of this.fileSystem.list(this.directory)) {
      if (!other.endsWith('.part') || !other.startsWith(prefix)) continue;
      if (other === name)
        writer = SnapshotWriter.resume(this.fileSystem, this.directory, name, partition);
      else this.fileSystem.remove(`${this.directory}/${other}`);
    }
    writer ??= SnapshotWriter.begin(this.fileSystem, this.directory, name, partition);
    return new FileSnapshotReceipt(this, writer, partition, snapshot);
  }

  async prune(partition: PartitionId, keep: number): Promise<void> {
    const indexes = this.indexes.get(partition) ?? [];
    const dropped = indexes.splice(0, Math.max(0, indexes.length - keep));
    if (dropped.length === 0) return;
    for (const index of dropped) {
      this.fileSystem.remove(this.pathOf(partition, index));
    }
    this.footer = null;
    await this.fileSystem.syncDirectory(this.directory);
  }
}
