import { ByteWriter, u32At } from '../../../codec/index.js';
import {
  bodyIsSound,
  readHeader,
  RECORD_HEADER_BYTES,
  RecordHeader,
  RecordType,
  sealRecord,
} from './record.js';

/**
 * A mark says how far the records of a segment reached when a sync began: the second place where
 * the newest batch is on record. It lies behind the room for batches, in a page of its own, and
 * becomes durable with the same sync as the batch. So once a batch is acknowledged, its mark is
 * there too, and one fault of the disk takes the one or the other:
 *
 * | the batch | a mark beyond it | then                                                           |
 * | sound     | any              | it is there                                                    |
 * | bad       | none             | it was never acknowledged: a torn tail                         |
 * | bad       | yes              | damaged after the acknowledgement, or torn while the mark was  |
 * |           |                  | not: nobody can tell, the partitions it may touch are suspect  |
 *
 * Two slots take turns, so that the mark of an acknowledged batch is never overwritten before the
 * next batch is durable.
 */
export const MARK_PAGE_BYTES = 4096;
export const MARK_SLOTS = 2;
export const MARK_AREA_BYTES = MARK_SLOTS * MARK_PAGE_BYTES;
const MARK_BODY_BYTES = 4;

/** Where the slots of a segment with room for so many bytes of batches begin: at a page. */
export const marksAt = (bytesPerSegment: number): number =>
  Math.ceil(bytesPerSegment / MARK_PAGE_BYTES) * MARK_PAGE_BYTES;

const header = new RecordHeader();

/** One page, reused: write it before the next call. */
export class MarkPage {
  private readonly writer = new ByteWriter(MARK_PAGE_BYTES);

  /** `recordsEnd`: where the newest batch that holds records ends. */
  encode(recordsEnd: number, seed: number): Uint8Array {
    const { writer } = this;
    writer.reset();
    const at = writer.skip(RECORD_HEADER_BYTES);
    writer.u32(recordsEnd);
    header.type = RecordType.mark;
    sealRecord(writer, at, header, seed);
    writer.raw(ZEROS);
    return writer.view();
  }
}

const ZEROS = new Uint8Array(MARK_PAGE_BYTES - RECORD_HEADER_BYTES - MARK_BODY_BYTES);
const probe = new RecordHeader();

/** How far the marks at the end of a whole segment's bytes say that it was written; 0 for none. */
export function markedEnd(bytes: Uint8Array, seed: number): number {
  let end = 0;
  for (let slot = 1; slot <= MARK_SLOTS; slot += 1) {
    const at = bytes.length - slot * MARK_PAGE_BYTES;
    if (at < 0 || !readHeader(bytes, at, bytes.length, seed, probe)) continue;
    if (probe.type !== RecordType.mark || probe.bodyBytes !== MARK_BODY_BYTES) continue;
    if (!bodyIsSound(bytes, at, bytes.length, probe)) continue;
    end = Math.max(end, u32At(bytes, at + RECORD_HEADER_BYTES));
  }
  return end;
}
