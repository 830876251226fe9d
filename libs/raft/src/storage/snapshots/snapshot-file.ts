import { partitionId } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import { ByteReader, ByteWriter, readSnapshotMeta, writeSnapshotMeta } from '../../codec/index.js';
import type { DiskFile } from '../file-system-port.js';
import { checksum } from '../log/format/checksum.js';
import type { StoredSnapshot } from '../snapshot-port.js';

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

/** A chunk travels in one frame, so it has a limit. */
export const SNAPSHOT_CHUNK_BYTES_MAX = 512 * 1024;

/** A snapshot's bytes are not what was written. It must not be used; an older one may be. */
export class SnapshotCorruption extends Error {
  override readonly name = 'SnapshotCorruption';
}

export interface SnapshotFooter {
  readonly partition: PartitionId;
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

/** Reads header and footer. Throws `SnapshotCorruption` when they are not whole. */
export function readFooter(file: DiskFile, path: string): SnapshotFooter {
  const fail = (what: string): never => {
    throw new SnapshotCorruption(`${what} in ${path}`);
  };
  const size = file.size();
  const header = readAt(file, 0, SNAPSHOT_HEADER_BYTES) ?? fail('no header');
  if (!MAGIC.every((byte, at) => header[at] === byte)) fail('no magic');
  const headerReader = new ByteReader(header, MAGIC.length);
  const version = headerReader.u16();
  if (version !== SNAPSHOT_VERSION) fail(`unknown version ${version}`);
  const trailer = readAt(file, size - TRAILER_BYTES, TRAILER_BYTES) ?? fail('no trailer');
  const trailerReader = new ByteReader(trailer);
  const length = trailerReader.u32();
  const body = readAt(file, size - TRAILER_BYTES - length, length) ?? fail('no footer');
  if (checksum(body, 0, length) !== trailerReader.u32()) fail('a damaged footer');
  const reader = new ByteReader(body);
  const meta = readSnapshotMeta(reader);
  const [bytes, chunks] = [reader.varint(), reader.varint()];
  const stored = { meta, bytes, chunks, checksum: reader.u32() };
  const chunkLengths = Array.from({ length: chunks }, () => reader.varint());
  return { partition: partitionId(headerReader.u32()), stored, chunkLengths };
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
