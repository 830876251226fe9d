import { logIndex, partitionId } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { ByteReader, ByteWriter, readSnapshotMeta, writeSnapshotMeta } from '../../codec/index.js';
import type { DiskFile } from '../file-system-port.js';
import { checksum } from '../log/format/checksum.js';
import type { StoredSnapshot } from '../snapshot-port.js';
import { SnapshotCorruption } from '../snapshot-port.js';

/**
 * A snapshot on disk, version 1: magic and version, then the chunks, then a footer that says what
 * they are, then the footer's length and CRC32C. All integers little-endian.
 *
 *   "METADSNP" u16 version u32 partition
 *   chunk: u32 length, u32 CRC32C, bytes            (repeated)
 *   footer: meta, varint bytes, varint chunks, u32 CRC32C of the whole body, varint chunk lengths
 *   u32 footer length, u32 CRC32C of the footer
 *
 * The footer is written last, so a file that has one is complete.
 */
export const SNAPSHOT_VERSION = 1;
export const SNAPSHOT_HEADER_BYTES = 14;
export const CHUNK_HEADER_BYTES = 8;
const TRAILER_BYTES = 8;
/** Start of a chunk's checksum, not 0: a hole of zeros must not read as empty chunks. */
const CHUNK_SEED = 0x6d65_7461;
const MAGIC = Uint8Array.from('METADSNP', (letter) => letter.charCodeAt(0));

/** An index in the name of a file: names sort as indexes do. */
export const digits = (value: number): string => String(value).padStart(15, '0');

export const snapshotName = (partition: PartitionId, index: number): string =>
  `p${partition}.${digits(index)}.snap`;

/** What a snapshot is of, by the name of its file; null for any other file. */
export function snapshotOf(name: string): { partition: PartitionId; index: LogIndex } | null {
  const match = /^p(\d+)\.(\d+)\.snap$/.exec(name);
  if (match === null) return null;
  return { partition: partitionId(Number(match[1])), index: logIndex(Number(match[2])) };
}

/** A chunk travels in one frame, so it has a limit. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 512 * 1024;

export interface SnapshotFooter {
  readonly stored: StoredSnapshot;
  readonly chunkLengths: readonly number[];
}

export function snapshotHeader(partition: PartitionId): Uint8Array {
  const writer = new ByteWriter(SNAPSHOT_HEADER_BYTES);
  writer.raw(MAGIC);
  writer.u16(SNAPSHOT_VERSION);
  writer.u32(partition);
  return writer.copy();
}

export function chunkHeader(bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(CHUNK_HEADER_BYTES);
  writer.u32(bytes.length);
  writer.u32(checksum(bytes, 0, bytes.length, CHUNK_SEED));
  return writer.copy();
}

/** Footer and trailer. */
export function snapshotFooter(
  stored: StoredSnapshot,
  chunkLengths: readonly number[],
): Uint8Array {
  const writer = new ByteWriter(256 + chunkLengths.length * 3);
  writeSnapshotMeta(writer, stored.meta);
  writer.varint(stored.bytes);
  writer.varint(stored.chunks);
  writer.u32(stored.checksum);
  for (const length of chunkLengths) writer.varint(length);
  const { length } = writer;
  const sum = checksum(writer.view(), 0, length);
  writer.u32(length);
  writer.u32(sum);
  return writer.copy();
}

/** What the name of a file promises of its content. */
export interface SnapshotName {
  readonly path: string;
  readonly partition: PartitionId;
  readonly index: LogIndex;
}

/**
 * Reads header and footer. Throws `SnapshotCorruption` when they are not whole, or not those of the
 * snapshot that the file is named after.
 */
export function readFooter(
  file: DiskFile,
  { path, partition, index }: SnapshotName,
): SnapshotFooter {
  const fail = (what: string): never => {
    throw new SnapshotCorruption(`${what} in ${path}`);
  };
  const size = file.size();
  const header = readAt(file, 0, SNAPSHOT_HEADER_BYTES) ?? fail('no header');
  if (!MAGIC.every((byte, at) => header[at] === byte)) fail('no magic');
  const headerReader = new ByteReader(header, MAGIC.length);
  const version = headerReader.u16();
  if (version !== SNAPSHOT_VERSION) fail(`unknown version ${version}`);
  const of = headerReader.u32();
  if (of !== partition) fail(`the snapshot of partition ${of}`);
  const trailer = readAt(file, size - TRAILER_BYTES, TRAILER_BYTES) ?? fail('no trailer');
  const trailerReader = new ByteReader(trailer);
  const length = trailerReader.u32();
  const body = readAt(file, size - TRAILER_BYTES - length, length) ?? fail('no footer');
  if (checksum(body, 0, length) !== trailerReader.u32()) fail('a damaged footer');
  const reader = new ByteReader(body);
  const meta = readSnapshotMeta(reader);
  if (meta.index !== index) fail(`the snapshot at ${meta.index}`);
  const [bytes, chunks] = [reader.varint(), reader.varint()];
  const stored = { meta, bytes, chunks, checksum: reader.u32() };
  const chunkLengths = Array.from({ length: chunks }, () => reader.varint());
  return { stored, chunkLengths };
}

/** The body, chunk by chunk. Throws `SnapshotCorruption`, the last time behind the last chunk. */
export function* chunksOf(
  file: DiskFile,
  path: string,
  { chunkLengths, stored }: SnapshotFooter,
): Generator<Uint8Array> {
  let offset = SNAPSHOT_HEADER_BYTES;
  let sum = 0;
  for (let at = 0; at < chunkLengths.length; at += 1) {
    const chunk = readChunkAt(file, offset);
    if (chunk === null || chunk.length !== chunkLengths[at]) {
      throw new SnapshotCorruption(`chunk ${at} is damaged in ${path}`);
    }
    yield chunk;
    offset += CHUNK_HEADER_BYTES + chunk.length;
    sum = checksum(chunk, 0, chunk.length, sum);
  }
  // Each chunk may be sound and still stand in the place of another.
  if (sum !== stored.checksum) {
    throw new SnapshotCorruption(`the chunks are not those that were written in ${path}`);
  }
}

/** The chunk whose header stands at `offset`; null when it is not whole or not sound. */
export function readChunkAt(file: DiskFile, offset: number): Uint8Array | null {
  const header = readAt(file, offset, CHUNK_HEADER_BYTES);
  if (header === null) return null;
  const reader = new ByteReader(header);
  const length = reader.u32();
  if (length > SNAPSHOT_CHUNK_BYTES_MAX) return null;
  const bytes = readAt(file, offset + CHUNK_HEADER_BYTES, length);
  if (bytes === null) return null;
  return checksum(bytes, 0, length, CHUNK_SEED) === reader.u32() ? bytes : null;
}

function readAt(file: DiskFile, offset: number, length: number): Uint8Array | null {
  if (offset < 0 || length < 0 || offset + length > file.size()) return null;
  const bytes = new Uint8Array(length);
  return file.read(bytes, offset) === length ? bytes : null;
}
