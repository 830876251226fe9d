import type { FileSystem } from '../../file-system-port.js';
import { markedEnd } from '../format/mark.js';
import {
  BATCH_BODY_BYTES,
  BATCH_RECORD_BYTES,
  BatchClaim,
  bodyIsSound,
  FORMAT_VERSION,
  readBatch,
  readHeader,
  RECORD_HEADER_BYTES,
  RecordHeader,
  seedOf,
} from '../format/record.js';
import { readSegmentHeader, segmentName } from '../segments.js';

/** What stands at a place in a segment. */
export type BatchVerdict = 'sound' | 'damaged' | 'none';

/** Called for each record of a batch; `sound` is false when its body is damaged. */
export type RecordVisitor = (header: RecordHeader, offset: number, sound: boolean) => void;

/** The log was written by a newer program. Nothing was touched. */
export class UnknownLogFormat extends Error {
  override readonly name = 'UnknownLogFormat';
}

/**
 * Memory that one segment after another is read into, each in place of the one before: a log's
 * length in fresh pages costs several times what reading them does.
 */
export class SegmentMemory {
  private bytes = new Uint8Array(0);

  take(length: number): Uint8Array {
    if (this.bytes.length < length) this.bytes = new Uint8Array(length);
    return this.bytes.subarray(0, length);
  }
}

/** Reads a segment's bytes (the first `bytesMax`). Throws `UnknownLogFormat`. */
export function loadSegment(
  fileSystem: FileSystem,
  directory: string,
  sequence: number,
  salt: number,
  memory = new SegmentMemory(),
  bytesMax = Infinity,
): SegmentScan {
  const name = segmentName(sequence);
  const file = fileSystem.open(`${directory}/${name}`, 'read');
  try {
    const bytes = memory.take(Math.min(file.size(), bytesMax));
    const held = bytes.subarray(0, file.read(bytes, 0));
    const header = readSegmentHeader(held);
    if (header !== null && header.version !== FORMAT_VERSION) {
      throw new UnknownLogFormat(
        `${name} has format ${header.version}, this program knows ` +
          `${FORMAT_VERSION}: start the version that wrote it`,
      );
    }
    return new SegmentScan(sequence, held, seedOf(salt, sequence));
  } finally {
    file.close();
  }
}

/** Reads the batches of one segment. Holds its bytes, judges nothing beyond them. */
export class SegmentScan {
  readonly claim = new BatchClaim();
  private readonly header = new RecordHeader();

  constructor(
    readonly sequence: number,
    readonly bytes: Uint8Array,
    private readonly seed: number,
  ) {}

  /** The batch at `offset`: `claim` is filled unless there is none. */
  batchAt(offset: number): BatchVerdict {
    if (!readBatch(this.bytes, offset, this.bytes.length, this.seed, this.claim)) return 'none';
    let sound = true;
    const whole = this.visit(offset, (_header, _at, bodySound) => (sound &&= bodySound));
    return sound && whole ? 'sound' : 'damaged';
  }

  /** Where the batch that `claim` describes ends, if it is whole. */
  batchEnd(offset: number): number {
    return offset + BATCH_RECORD_BYTES + this.claim.bytes;
  }

  /**
   * Visits the records of the batch that `claim` describes, as far as their headers can be
   * trusted; false when the rest of the batch cannot be told apart. `isSound`: it was found so.
   */
  visit(offset: number, visitor: RecordVisitor, isSound = false): boolean {
    const { bytes, header } = this;
    const end = this.batchEnd(offset);
    let at = offset + BATCH_RECORD_BYTES;
    while (at < end) {
      if (!readHeader(bytes, at, Math.min(end, bytes.length), this.seed, header)) return false;
      visitor(header, at, isSound || bodyIsSound(bytes, at, Math.min(end, bytes.length), header));
      at += RECORD_HEADER_BYTES + header.bodyBytes;
    }
    return at === end && end <= bytes.length;
  }

  /** True when every record header of the batch at `offset` can be read. */
  isCharged(offset: number): boolean {
    return this.batchAt(offset) !== 'none' && this.visit(offset, () => undefined);
  }

  /** Where the newest batch with records ends, as its marks say; 0 for none. */
  get markedEnd(): number {
    return markedEnd(this.bytes, this.seed);
  }

  /** The next place at or after `from` where a batch begins; −1 for none. Fills `claim`. */
  nextBatch(from: number): number {
    const { bytes, seed, claim } = this;
    let at = bytes.indexOf(BATCH_BODY_BYTES, from);
    while (at >= 0) {
      if (readBatch(bytes, at, bytes.length, seed, claim)) return at;
      at = bytes.indexOf(BATCH_BODY_BYTES, at + 1);
    }
    return -1;
  }
}
