import type { PartitionId } from '@metad/foundation';
import type { Entry } from '../../core/index.js';
import { ByteReader, readEntries } from '../../codec/index.js';
import { LogCorruption } from './log-corruption.js';
import type { RecordSource } from './partition/partition-log.js';
import {
  bodyIsSound,
  readHeader,
  RECORD_HEADER_BYTES,
  RecordHeader,
  RecordType,
  seedOf,
} from './format/record.js';
import type { Slot } from './partition/record-slots.js';
import type { Segments } from './segments.js';

const WINDOW_BYTES = 256 * 1024;
/** Reading so many bytes costs about as much as asking for them. */
const GAP_BYTES_MAX = 8 * 1024;

/**
 * Reads records back, each checked again. A reader that goes forward through a segment that its
 * partition has nearly for itself finds its next record in the window read last. Where records of
 * many partitions lie between, only the record is read: else each partition's reader would read all
 * of the log. What is read lies before the written end of its segment, where bytes never change.
 */
export class RecordReader implements RecordSource {
  private window = new Uint8Array(0);
  private windowSegment = -1;
  private windowFrom = 0;
  private windowTo = 0;
  /** Where the record handed out last ends, in the window's segment. */
  private recordTo = 0;
  private readonly header = new RecordHeader();
  private readonly reader = new ByteReader(new Uint8Array(0));

  constructor(private readonly segments: Segments) {}

  entriesAt(slot: Slot, partition: PartitionId): readonly Entry[] {
    const at = this.load(slot);
    const end = at + slot.length;
    const { header, window } = this;
    const sound =
      readHeader(window, at, end, seedOf(this.segments.salt, slot.segment), header) &&
      bodyIsSound(window, at, end, header) &&
      (header.type === RecordType.entries || header.type === RecordType.moved) &&
      header.partition === partition &&
      header.index === slot.first;
    if (!sound) throw this.corruption(slot);
    this.reader.reset(window, at + RECORD_HEADER_BYTES, end);
    return readEntries(this.reader);
  }

  private corruption(slot: Slot): LogCorruption {
    this.windowSegment = -1;
    const file = this.segments.pathOf(slot.segment);
    return new LogCorruption(file, slot.offset, 'a record is damaged');
  }

  /** Brings the record into the window; returns where it starts there. */
  private load(slot: Slot): number {
    const held =
      slot.segment === this.windowSegment &&
      slot.offset >= this.windowFrom &&
      slot.offset + slot.length <= this.windowTo;
    if (!held) this.fill(slot);
    this.recordTo = slot.offset + slot.length;
    return slot.offset - this.windowFrom;
  }

  private fill(slot: Slot): void {
    const segment = this.segments.get(slot.segment);
    const gap = slot.offset - this.recordTo;
    const isNear = slot.segment === this.windowSegment && gap >= 0 && gap <= GAP_BYTES_MAX;
    const window = isNear ? Math.max(slot.length, WINDOW_BYTES) : slot.length;
    const wanted = Math.min(window, segment.end - slot.offset);
    if (this.window.length < wanted) this.window = new Uint8Array(Math.max(wanted, WINDOW_BYTES));
    const read = segment.file.read(this.window.subarray(0, wanted), slot.offset);
    if (read < slot.length) throw this.corruption(slot);
    this.windowSegment = slot.segment;
    this.windowFrom = slot.offset;
    this.windowTo = slot.offset + read;
  }
}
