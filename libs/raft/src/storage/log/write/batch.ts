import { ByteWriter } from '../../../codec/index.js';
import { BATCH_RECORD_BYTES } from '../format/record.js';

export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (fault: Error) => void;
}

/** Records that go to disk with one write, at a place known from the start. */
export class Batch {
  number = 0;
  segment = 0;
  /** Where the checksums of its record headers start. */
  seed = 0;
  /** Where the batch starts in its segment. */
  offset = 0;
  sync = false;
  readonly waiters: Waiter[] = [];
  readonly writer = new ByteWriter(64 * 1024);

  begin(number: number): void {
    this.number = number;
    this.sync = false;
    this.waiters.length = 0;
    this.writer.reset();
    this.writer.skip(BATCH_RECORD_BYTES);
  }

  /** Says where the batch goes. Only while it is empty. */
  place(segment: number, offset: number, seed: number): void {
    this.segment = segment;
    this.offset = offset;
    this.seed = seed;
  }

  get isEmpty(): boolean {
    return this.writer.length === BATCH_RECORD_BYTES;
  }

  /** Where the next record will start in the segment. */
  get end(): number {
    return this.offset + this.writer.length;
  }
}
