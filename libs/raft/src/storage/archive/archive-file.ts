import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { logIndex, partitionId } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import {
  ByteReader,
  ByteWriter,
  DecodeError,
  readEntries,
  writeEntries,
} from '../../codec/index.js';
import { ArchiveCorruption } from '../archive-port.js';
import type { ArchiveRange } from '../archive-port.js';
import type { DiskFile } from '../file-system-port.js';
import { checksum } from '../log/format/checksum.js';

/**
 * An archive file, version 1: a header, then blocks, each a run of entries compressed by raw
 * deflate. The file's name says what it holds; every block carries its checksum and its sizes.
 *
 *   "METADARC" u16 version u32 partition
 *   block: u32 compressed bytes, u32 bytes, u32 CRC32C of both sizes and the compressed bytes
 */
export const ARCHIVE_VERSION = 1;
const HEADER_BYTES = 14;
const BLOCK_HEADER_BYTES = 12;
/** Bytes of entries, about, in one block: what a reader holds at a time. */
export const BLOCK_BYTES = 256 * 1024;
const BLOCK_BYTES_MAX = 64 * 1024 * 1024;
const COMPRESSION_LEVEL = 3;
const MAGIC = Uint8Array.from('METADARC', (letter) => letter.charCodeAt(0));

const digits = (value: number): string => String(value).padStart(15, '0');

/** What a file holds, and when it was written (milliseconds of the node's clock). */
export interface ArchivedRange extends ArchiveRange {
  readonly partition: PartitionId;
  readonly writtenAt: number;
}

export const archiveName = ({ partition, first, last, writtenAt }: ArchivedRange): string =>
  `p${partition}.${digits(first)}-${digits(last)}.${writtenAt}.arc`;

/** What a file of the archive holds, by its name; null for any other file. */
export function archivedIn(name: string): ArchivedRange | null {
  const match = /^p(\d+)\.(\d+)-(\d+)\.(\d+)\.arc$/.exec(name);
  if (match === null) return null;
  const [partition = 0, first = 0, last = 0, writtenAt = 0] = match.slice(1).map(Number);
  return {
    partition: partitionId(partition),
    first: logIndex(first),
    last: logIndex(last),
    writtenAt,
  };
}

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw);
const inflate = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflateRaw);

export function archiveHeader(partition: PartitionId): Uint8Array {
  const writer = new ByteWriter(HEADER_BYTES);
  writer.raw(MAGIC);
  writer.u16(ARCHIVE_VERSION);
  writer.u32(partition);
  return writer.copy();
}

/** Compresses entries into one block. */
export async function packBlock(entries: readonly Entry[]): Promise<Uint8Array> {
  const raw = new ByteWriter(BLOCK_BYTES * 2);
  writeEntries(raw, entries);
  const body = await deflate(raw.view(), { level: COMPRESSION_LEVEL });
  const block = new ByteWriter(BLOCK_HEADER_BYTES + body.length);
  block.u32(body.length);
  block.u32(raw.length);
  const sizes = checksum(block.view(), 0, 8);
  block.u32(checksum(body, 0, body.length, sizes));
  block.raw(body);
  return block.copy();
}

/** What the name of a file promises of its content. */
export interface ArchiveName extends ArchiveRange {
  readonly path: string;
  readonly partition: PartitionId;
}

/**
 * The runs of a file, block by block. Throws `ArchiveCorruption` at the first that is damaged, or
 * sound and not the one that belongs there, and where the file ends before its last entry.
 */
export async function* readArchiveFile(
  file: DiskFile,
  { path, partition, first, last }: ArchiveName,
): AsyncGenerator<readonly Entry[]> {
  const size = file.size();
  const header = readExactly(file, path, 0, HEADER_BYTES);
  const expected = archiveHeader(partition);
  if (!expected.every((byte, at) => header[at] === byte)) throw damaged(path, 0);
  let next: number = first;
  let offset = HEADER_BYTES;
  while (offset < size) {
    const head = readExactly(file, path, offset, BLOCK_HEADER_BYTES);
    const reader = new ByteReader(head);
    const [packed, unpacked, sum] = [reader.u32(), reader.u32(), reader.u32()];
    if (packed > BLOCK_BYTES_MAX || unpacked > BLOCK_BYTES_MAX) throw damaged(path, offset);
    const body = readExactly(file, path, offset + BLOCK_HEADER_BYTES, packed);
    if (checksum(body, 0, packed, checksum(head, 0, 8)) !== sum) throw damaged(path, offset);
    const run = await unpack(body, unpacked, path, offset);
    if (run[0]?.index !== next) throw damaged(path, offset);
    next += run.length;
    yield run;
    offset += BLOCK_HEADER_BYTES + packed;
  }
  if (next !== last + 1) throw damaged(path, offset);
}

async function unpack(
  body: Uint8Array,
  bytes: number,
  path: string,
  offset: number,
): Promise<readonly Entry[]> {
  try {
    const raw = await inflate(body, { maxOutputLength: Math.max(1, bytes) });
    return readEntries(new ByteReader(raw));
  } catch (fault) {
    const known = fault instanceof DecodeError || (fault as { code?: unknown }).code !== undefined;
    throw known ? damaged(path, offset) : fault;
  }
}

function readExactly(file: DiskFile, path: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (file.read(bytes, offset) < length) throw damaged(path, offset);
  return bytes;
}

const damaged = (path: string, offset: number): ArchiveCorruption =>
  new ArchiveCorruption(`the archive file ${path} is damaged at offset ${offset}`);
