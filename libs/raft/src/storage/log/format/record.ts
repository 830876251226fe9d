import { u16At, u32At } from '../../../codec/index.js';
import type { ByteWriter } from '../../../codec/index.js';
import { checksum } from './checksum.js';

/**
 * The format of the log on disk, version 1. All integers little-endian.
 *
 * A segment is a header of 64 bytes and then batches; what follows the last batch is zeros. A batch
 * is what one write put down: a `batch` record, then the records of its partitions. A record is
 *
 *   0 u32 body length     8 u32 partition    16 u48 index          28 u32 CRC32C of the body
 *   4 u8  type           12 u32 sequence     22 u48 term           32 u32 CRC32C of bytes 0 … 31
 *   5 u8  flags
 *   6 u16 count
 *
 * The header's checksum starts from a seed made of the log's salt (random, in the directory's
 * stamp and in every segment header) and the number of the segment: bytes of another file, or bytes
 * that a client chose to look like a record, never pass. Header and body have a checksum each:
 * damage in a body is charged to its partition. `sequence` counts the records of one partition:
 * whoever sees n and n + 2 knows that n + 1 is lost.
 *
 * | type      | index          | term      | body                                            |
 * | batch     | batch number   | –         | u32 bytes of its records, u32 and u32 (below)   |
 * | entries   | first entry    | last term | a run of entries; the flag says one term for all |
 * | truncate  | new last entry | –         | –                                               |
 * | hardState | commit         | term      | vote                                            |
 * | standing  | last entry     | its term  | everything else about the partition             |
 * | moved     | as entries     | as there  | the same entries, rewritten       |
 * | mark      | –              | –         | in a slot behind the batches: see `mark.ts` |
 *
 * A `batch` record says up to where (segment, offset) the log was durable when it was written. Bad
 * bytes before such a claim were acknowledged once: corruption. Bad bytes after the last claim are
 * a torn tail, unless a mark speaks of them. Marks came later than the rest of version 1: a segment
 * without them is read as before, and older programs do not see them.
 */
export const FORMAT_VERSION = 1;
export const RECORD_HEADER_BYTES = 36;
export const BATCH_BODY_BYTES = 12;
export const BATCH_RECORD_BYTES = RECORD_HEADER_BYTES + BATCH_BODY_BYTES;

export const RecordType = {
  batch: 1,
  entries: 2,
  truncate: 3,
  hardState: 4,
  standing: 5,
  moved: 6,
  mark: 7,
} as const;

/** On `entries` and `moved`: every entry has the header's term. */
export const FLAG_ONE_TERM = 1;
/** On `standing`: written after damage, so the sequence starts anew. */
export const FLAG_RESTATED = 1;
/** On `standing`: the damage it tells of is a suspicion. */
export const FLAG_SUSPECT = 2;

/** Where the checksums of a segment's record headers start. */
export const seedOf = (salt: number, segment: number): number =>
  (salt + Math.imul(segment, 0x9e3779b1)) >>> 0;

/** One record's header, reused: filled by whoever writes or reads next. */
export class RecordHeader {
  bodyBytes = 0;
  type = 0;
  flags = 0;
  count = 0;
  partition = 0;
  sequence = 0;
  index = 0;
  term = 0;
  bodyChecksum = 0;
}

/** Completes the record whose header space starts at `at` and whose body ends the writer. */
export function sealRecord(
  writer: ByteWriter,
  at: number,
  header: RecordHeader,
  seed: number,
): void {
  const bodyAt = at + RECORD_HEADER_BYTES;
  writer.putU32(at, writer.length - bodyAt);
  sealHeader(writer, at, header, seed, checksum(writer.memory, bodyAt, writer.length));
}

function sealHeader(
  writer: ByteWriter,
  at: number,
  header: RecordHeader,
  seed: number,
  bodyChecksum: number,
): void {
  writer.putU16(at + 4, header.type | (header.flags << 8));
  writer.putU16(at + 6, header.count);
  writer.putU32(at + 8, header.partition);
  writer.putU32(at + 12, header.sequence);
  writer.putU32(at + 16, header.index);
  writer.putU16(at + 20, header.index / 0x1_0000_0000);
  writer.putU16(at + 22, header.term);
  writer.putU32(at + 24, header.term / 0x1_0000);
  writer.putU32(at + 28, bodyChecksum);
  writer.putU32(at + 32, checksum(writer.memory, at, at + 32, seed));
}

/** Reads the header at `at`; false when its checksum fails or the bytes end before it does. */
export function readHeader(
  bytes: Uint8Array,
  at: number,
  end: number,
  seed: number,
  into: RecordHeader,
): boolean {
  if (at + RECORD_HEADER_BYTES > end) return false;
  if (checksum(bytes, at, at + 32, seed) !== u32At(bytes, at + 32)) return false;
  into.bodyBytes = u32At(bytes, at);
  into.type = bytes[at + 4] as number;
  into.flags = bytes[at + 5] as number;
  into.count = u16At(bytes, at + 6);
  into.partition = u32At(bytes, at + 8);
  into.sequence = u32At(bytes, at + 12);
  into.index = u32At(bytes, at + 16) + u16At(bytes, at + 20) * 0x1_0000_0000;
  into.term = u16At(bytes, at + 22) + u32At(bytes, at + 24) * 0x1_0000;
  into.bodyChecksum = u32At(bytes, at + 28);
  return true;
}

/** True when the body of the record at `at` lies before `end` and has the header's checksum. */
export function bodyIsSound(
  bytes: Uint8Array,
  at: number,
  end: number,
  header: RecordHeader,
): boolean {
  const from = at + RECORD_HEADER_BYTES;
  const to = from + header.bodyBytes;
  return to <= end && checksum(bytes, from, to) === header.bodyChecksum;
}

/** What a `batch` record says. */
export class BatchClaim {
  number = 0;
  /** Bytes of the records that follow. */
  bytes = 0;
  /** Everything before this position was durable when the batch was written. */
  durableSegment = 0;
  durableOffset = 0;
}

const batchHeader = new RecordHeader();
batchHeader.type = RecordType.batch;

/** Writes the `batch` record into the space kept for it at the start of the writer. */
export function sealBatch(writer: ByteWriter, claim: BatchClaim, seed: number): void {
  batchHeader.index = claim.number;
  writer.putU32(0, BATCH_BODY_BYTES);
  writer.putU32(RECORD_HEADER_BYTES, claim.bytes);
  writer.putU32(RECORD_HEADER_BYTES + 4, claim.durableSegment);
  writer.putU32(RECORD_HEADER_BYTES + 8, claim.durableOffset);
  const bodyChecksum = checksum(writer.memory, RECORD_HEADER_BYTES, BATCH_RECORD_BYTES);
  sealHeader(writer, 0, batchHeader, seed, bodyChecksum);
}

const probe = new RecordHeader();

/** Reads a `batch` record at `at`; false when there is none that is whole. */
export function readBatch(
  bytes: Uint8Array,
  at: number,
  end: number,
  seed: number,
  into: BatchClaim,
): boolean {
  if (bytes[at] !== BATCH_BODY_BYTES || bytes[at + 4] !== RecordType.batch) return false;
  if (!readHeader(bytes, at, end, seed, probe)) return false;
  if (probe.type !== RecordType.batch || !bodyIsSound(bytes, at, end, probe)) return false;
  into.number = probe.index;
  into.bytes = u32At(bytes, at + RECORD_HEADER_BYTES);
  into.durableSegment = u32At(bytes, at + RECORD_HEADER_BYTES + 4);
  into.durableOffset = u32At(bytes, at + RECORD_HEADER_BYTES + 8);
  return true;
}
