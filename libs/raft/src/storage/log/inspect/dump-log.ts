import { partitionId } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import type { Entry, HardState } from '../../../core/index.js';
import { ByteReader, readEntries } from '../../../codec/index.js';
import { FLAG_SUSPECT, RECORD_HEADER_BYTES, RecordType } from '../format/record.js';
import type { RecordHeader } from '../format/record.js';
import { readStanding, readVote } from '../format/standing.js';
import type { Standing } from '../format/standing.js';
import { loadSegment } from '../recovery/segment-scan.js';
import type { SegmentScan } from '../recovery/segment-scan.js';
import { SEGMENT_HEADER_BYTES, segmentName } from '../segments.js';
import { inspectDirectory } from './inspected-directory.js';
import type { InspectOptions } from './inspected-directory.js';

export interface DumpOptions extends InspectOptions {
  /** Only this partition's records. */
  readonly partition?: PartitionId;
}

/** One record as it stands on disk, in the order of writing. */
export interface DumpedRecord {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly type: keyof typeof RecordType | 'unknown';
  readonly partition: PartitionId;
  readonly sequence: number;
  readonly index: number;
  readonly term: number;
  /** False when the body's checksum fails: then there is nothing of it below. */
  readonly sound: boolean;
  readonly entries: readonly Entry[] | null;
  readonly hardState: HardState | null;
  readonly standing: Standing | null;
}

const NAMES = new Map<number, keyof typeof RecordType>(
  Object.entries(RecordType).map(([name, code]) => [code, name as keyof typeof RecordType]),
);

/** Goes through all records of a directory, offline, one segment in memory at a time. */
export function* dumpLog(options: DumpOptions): Generator<DumpedRecord> {
  const { fileSystem, logDirectory, stamp, segments } = inspectDirectory(options);
  for (const sequence of segments) {
    const scan = loadSegment(fileSystem, logDirectory, sequence, stamp.salt);
    let offset = scan.nextBatch(SEGMENT_HEADER_BYTES);
    while (offset >= 0) {
      for (const record of recordsOf(scan, offset)) {
        if ((options.partition ?? record.partition) === record.partition) yield record;
      }
      scan.batchAt(offset);
      offset = scan.nextBatch(scan.batchEnd(offset));
    }
  }
}

function recordsOf(scan: SegmentScan, offset: number): DumpedRecord[] {
  const found: DumpedRecord[] = [];
  scan.visit(offset, (header, at, sound) => {
    found.push(describe(scan, header, at, sound));
  });
  return found;
}

function describe(
  scan: SegmentScan,
  header: RecordHeader,
  offset: number,
  sound: boolean,
): DumpedRecord {
  const { type, index, term, sequence, bodyBytes } = header;
  const suspect = (header.flags & FLAG_SUSPECT) !== 0;
  const bodyAt = offset + RECORD_HEADER_BYTES;
  const reader = new ByteReader(scan.bytes, bodyAt, bodyAt + bodyBytes);
  const hasEntries = type === RecordType.entries || type === RecordType.moved;
  const when = <T>(wanted: boolean, read: () => T): T | null => (wanted && sound ? read() : null);
  return {
    file: segmentName(scan.sequence),
    offset,
    bytes: RECORD_HEADER_BYTES + bodyBytes,
    type: NAMES.get(type) ?? 'unknown',
    partition: partitionId(header.partition),
    sequence,
    index,
    term,
    sound,
    entries: when(hasEntries, () => readEntries(reader)),
    hardState: when(type === RecordType.hardState, () => readVote(reader, term, index)),
    standing: when(type === RecordType.standing, () => readStanding(reader, index, term, suspect)),
  };
}
