import type { LogTime } from '@metad/foundation';
import { memoryOf } from '../page-queue.js';
import type { LinkedRows } from '../row-index.js';

/** Bytes of one row: link, hash, place, name, digest, times. */
export const ROW_BYTES = 56;
const HASH = 4;
const CHUNK = 8;
const OFFSET = 12;
const LENGTH = 16;
const NAME = 20;
const HIGH = 24;
const LOW = 28;
const EXPIRES_AT = 32;
const TTL_MS = 40;
const SCHEDULED_AT = 48;

const ROW_BITS = 8;
const PAGE_ROWS = 1 << ROW_BITS;
/** Instead of a time or a duration. */
const NEVER = -1;
/** Instead of a length: nobody has this row; or its record has not been written. */
const FREE = 0;
const UNWRITTEN = 0xffff_ffff;

/** Where the bytes of a record's version lie. */
export interface VersionPlace {
  readonly chunk: number;
  readonly offset: number;
  /** Above 0. */
  readonly length: number;
}

/**
 * What is kept of each record beside its bytes, in one row for as long as the record exists; a
 * row whose record was removed is given to another. Like the rows of commands (`page-queue.ts`)
 * they lie in pages of shared memory that nobody shares, where neither the garbage collector goes
 * nor its accounts.
 */
export class RecordRows implements LinkedRows {
  private readonly pages: DataView[] = [];
  private given = 0;
  /** Row + 1 of the row that is given out next; free rows are linked. */
  private free = 0;

  /** All rows that hold a record are below it. */
  get end(): number {
    return this.given;
  }

  /** A row for a new record. */
  take(): number {
    const row = this.free - 1;
    if (row >= 0) {
      this.free = this.linkOf(row);
    } else if (this.given === this.pages.length * PAGE_ROWS) {
      this.pages.push(new DataView(memoryOf(PAGE_ROWS * ROW_BYTES)));
    }
    const taken = row >= 0 ? row : this.given++;
    this.setScheduledAt(taken, null);
    return taken;
  }

  /** The record of this row is gone. */
  release(row: number): void {
    this.page(row).setUint32(at(row) + LENGTH, FREE, true);
    this.setLink(row, this.free);
    this.free = row + 1;
  }

  isTaken(row: number): boolean {
    return this.page(row).getUint32(at(row) + LENGTH, true) !== FREE;
  }

  linkOf(row: number): number {
    return this.page(row).getUint32(at(row), true);
  }

  setLink(row: number, link: number): void {
    this.page(row).setUint32(at(row), link, true);
  }

  /** Of the record's name and key: see `record-store.ts`. */
  hashOf(row: number): number {
    return this.page(row).getInt32(at(row) + HASH, true);
  }

  nameOf(row: number): number {
    return this.page(row).getUint32(at(row) + NAME, true);
  }

  setIdentity(row: number, hash: number, name: number): void {
    const page = this.page(row);
    page.setInt32(at(row) + HASH, hash, true);
    page.setUint32(at(row) + NAME, name, true);
  }

  chunkOf(row: number): number {
    return this.page(row).getUint32(at(row) + CHUNK, true);
  }

  offsetOf(row: number): number {
    return this.page(row).getUint32(at(row) + OFFSET, true);
  }

  lengthOf(row: number): number {
    return this.page(row).getUint32(at(row) + LENGTH, true);
  }

  setPlace(row: number, chunk: number, offset: number, length: number): void {
    const page = this.page(row);
    page.setUint32(at(row) + CHUNK, chunk, true);
    page.setUint32(at(row) + OFFSET, offset, true);
    page.setUint32(at(row) + LENGTH, length, true);
  }

  /** The row's record is bytes, and not an object that waits. */
  isWritten(row: number): boolean {
    return this.page(row).getUint32(at(row) + LENGTH, true) !== UNWRITTEN;
  }

  /** The row's record is nowhere in the heap. */
  setUnwritten(row: number): void {
    this.setPlace(row, 0, 0, UNWRITTEN);
  }

  /** The hash of the record's content, as digests sum it up. */
  digestOf(row: number): { readonly high: number; readonly low: number } {
    const page = this.page(row);
    return {
      high: page.getInt32(at(row) + HIGH, true),
      low: page.getInt32(at(row) + LOW, true),
    };
  }

  setDigest(row: number, high: number, low: number): void {
    const page = this.page(row);
    page.setInt32(at(row) + HIGH, high, true);
    page.setInt32(at(row) + LOW, low, true);
  }

  /** What the record says of the end of its lease; a new leader may have moved it. */
  expiresAtOf(row: number): LogTime | null {
    return timeAt(this.page(row), at(row) + EXPIRES_AT);
  }

  setExpiresAt(row: number, time: LogTime | null): void {
    this.page(row).setFloat64(at(row) + EXPIRES_AT, time ?? NEVER, true);
  }

  /** The record's time to live in milliseconds; 0 when it has none. */
  ttlMsOf(row: number): number {
    return this.page(row).getFloat64(at(row) + TTL_MS, true);
  }

  setTtlMs(row: number, ttlMs: number): void {
    this.page(row).setFloat64(at(row) + TTL_MS, ttlMs, true);
  }

  /** When the lease schedule will look at this row; null when it does not hold it. */
  scheduledAtOf(row: number): LogTime | null {
    return timeAt(this.page(row), at(row) + SCHEDULED_AT);
  }

  setScheduledAt(row: number, time: LogTime | null): void {
    this.page(row).setFloat64(at(row) + SCHEDULED_AT, time ?? NEVER, true);
  }

  private page(row: number): DataView {
    return this.pages[row >>> ROW_BITS] as DataView;
  }
}

const at = (row: number): number => (row & (PAGE_ROWS - 1)) * ROW_BYTES;

function timeAt(page: DataView, offset: number): LogTime | null {
  const time = page.getFloat64(offset, true);
  return time === NEVER ? null : (time as LogTime);
}
