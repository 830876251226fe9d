import { invariant } from '@metad/foundation';
import type { SegmentUse } from './segment-use.js';

const WORDS = 5;
const FIRST_LOW = 0;
const FIRST_HIGH_AND_COUNT = 1;
const SEGMENT = 2;
const OFFSET = 3;
const LENGTH = 4;
const NONE = new Uint32Array(0);

/** Where one record of entries lies on disk. */
export class Slot {
  first = 0;
  count = 0;
  segment = 0;
  offset = 0;
  /** Bytes of the whole record, header included. */
  length = 0;
}

/**
 * Which record on disk holds which entries of one partition, ordered by index: 20 bytes a record,
 * whatever number of entries it holds, in one typed array (nothing while there are none).
 */
export class RecordSlots {
  private words = NONE;
  private start = 0;
  private end = 0;

  constructor(private readonly use: SegmentUse) {}

  get count(): number {
    return this.end - this.start;
  }

  /** Adds a record after all others. */
  push(slot: Slot): void {
    this.makeRoom();
    this.put(this.end, slot);
    this.end += 1;
    this.use.addRecord(slot.segment, slot.length);
  }

  /** Puts a rewritten record in the place of the one that held its entries, if that is known. */
  replace(slot: Slot): void {
    const last = slot.first + slot.count - 1;
    let at = this.upper(last);
    while (at > this.start && this.lastAt(at - 1) >= slot.first) {
      if (this.firstAt(at - 1) < slot.first) {
        this.setCount(at - 1, slot.first - this.firstAt(at - 1));
        break;
      }
      this.removeAt(at - 1);
      at -= 1;
    }
    this.makeRoom();
    at = this.upper(last);
    this.words.copyWithin((at + 1) * WORDS, at * WORDS, this.end * WORDS);
    this.put(at, slot);
    this.end += 1;
    this.use.addRecord(slot.segment, slot.length);
  }

  /** Forgets entries after `last`. */
  cutAfter(last: number): void {
    while (this.end > this.start && this.firstAt(this.end - 1) > last) {
      this.end -= 1;
      this.release(this.end);
    }
    if (this.end === this.start) return;
    const newest = this.end - 1;
    if (this.lastAt(newest) > last) this.setCount(newest, last - this.firstAt(newest) + 1);
  }

  /** Forgets records that hold nothing at or after `first`. */
  dropBefore(first: number): void {
    while (this.end > this.start && this.lastAt(this.start) < first) {
      this.release(this.start);
      this.start += 1;
    }
    if (this.end === this.start) this.clearWords();
  }

  clear(): void {
    for (let at = this.start; at < this.end; at += 1) this.release(at);
    this.clearWords();
  }

  /** Reads the record that holds `index` into `into`; false when there is none. */
  find(index: number, into: Slot): boolean {
    const at = this.upper(index) - 1;
    if (at < this.start || this.lastAt(at) < index) return false;
    this.read(at, into);
    return true;
  }

  /** The record at a position from 0 to count − 1. */
  get(position: number, into: Slot): void {
    invariant(position >= 0 && position < this.count, 'a record that exists is asked for');
    this.read(this.start + position, into);
  }

  /** The last index up to which everything from `first` on is covered; first − 1 for nothing. */
  coveredFrom(first: number): number {
    let covered = first - 1;
    for (let at = Math.max(this.start, this.upper(first) - 1); at < this.end; at += 1) {
      if (this.firstAt(at) > covered + 1) break;
      covered = Math.max(covered, this.lastAt(at));
    }
    return covered;
  }

  /** Positions at which a record lies in `segment`, lowest first. */
  firstInSegment(segment: number): number {
    for (let at = this.start; at < this.end; at += 1) {
      if (this.words[at * WORDS + SEGMENT] === segment) return at - this.start;
    }
    return -1;
  }

  private firstAt(at: number): number {
    const high = (this.words[at * WORDS + FIRST_HIGH_AND_COUNT] as number) >>> 16;
    return (this.words[at * WORDS + FIRST_LOW] as number) + high * 0x1_0000_0000;
  }

  private lastAt(at: number): number {
    const count = (this.words[at * WORDS + FIRST_HIGH_AND_COUNT] as number) & 0xffff;
    return this.firstAt(at) + count - 1;
  }

  private setCount(at: number, count: number): void {
    const word = at * WORDS + FIRST_HIGH_AND_COUNT;
    this.words[word] = (((this.words[word] as number) & 0xffff_0000) | count) >>> 0;
  }

  private put(at: number, slot: Slot): void {
    const { words } = this;
    const word = at * WORDS;
    const high = Math.floor(slot.first / 0x1_0000_0000);
    words[word + FIRST_LOW] = slot.first % 0x1_0000_0000;
    words[word + FIRST_HIGH_AND_COUNT] = high * 0x1_0000 + slot.count;
    words[word + SEGMENT] = slot.segment;
    words[word + OFFSET] = slot.offset;
    words[word + LENGTH] = slot.length;
  }

  private read(at: number, into: Slot): void {
    const { words } = this;
    const word = at * WORDS;
    into.first = this.firstAt(at);
    into.count = (words[word + FIRST_HIGH_AND_COUNT] as number) & 0xffff;
    into.segment = words[word + SEGMENT] as number;
    into.offset = words[word + OFFSET] as number;
    into.length = words[word + LENGTH] as number;
  }

  /** The first position whose record starts after `index`. */
  private upper(index: number): number {
    let low = this.start;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.firstAt(middle) <= index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private removeAt(at: number): void {
    this.release(at);
    this.words.copyWithin(at * WORDS, (at + 1) * WORDS, this.end * WORDS);
    this.end -= 1;
  }

  private release(at: number): void {
    const word = at * WORDS;
    this.use.dropRecord(this.words[word + SEGMENT] as number, this.words[word + LENGTH] as number);
  }

  private clearWords(): void {
    this.words = NONE;
    this.start = 0;
    this.end = 0;
  }

  /** Room for one more: reuses what was dropped in front before it grows. */
  private makeRoom(): void {
    const capacity = this.words.length / WORDS;
    if (this.end < capacity) return;
    const { count } = this;
    const live = this.words.subarray(this.start * WORDS, this.end * WORDS);
    if (this.start > capacity / 2) {
      this.words.copyWithin(0, this.start * WORDS, this.end * WORDS);
    } else {
      const grown = new Uint32Array(Math.max(4, count * 2) * WORDS);
      grown.set(live);
      this.words = grown;
    }
    this.start = 0;
    this.end = count;
  }
}
