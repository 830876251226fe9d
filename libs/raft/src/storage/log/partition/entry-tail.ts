import { entryBytes } from '../../../core/index.js';
import type { Entry } from '../../../core/index.js';

/** What an entry costs in memory beside its data: two objects and a slot, roughly. */
const ENTRY_OVERHEAD_BYTES = 200;
const NONE: Entry[] = [];

export const tailBytesOf = (entry: Entry): number => entry.data.length + ENTRY_OVERHEAD_BYTES;

/** The newest entries of one partition, in memory: contiguous, and ending with the last. */
export class EntryTail {
  /** From `head` on; what lies before has been dropped. */
  private entries = NONE;
  private head = 0;
  count = 0;
  /**
   * Index of the oldest entry held, if there is one. Kept, since that entry was last touched long
   * ago: to ask it would be to fetch it from memory.
   */
  private oldest = 0;

  /** Index of the oldest entry held; 0 when there is none. */
  get first(): number {
    return this.count > 0 ? this.oldest : 0;
  }

  /** Of all entries held. */
  bytes(): number {
    let bytes = 0;
    for (let at = this.head; at < this.entries.length; at += 1) {
      bytes += tailBytesOf(this.entries[at] as Entry);
    }
    return bytes;
  }

  push(entry: Entry): void {
    if (this.count === 0) {
      this.oldest = entry.index;
      this.entries = [entry];
    } else {
      this.entries.push(entry);
    }
    this.count += 1;
  }

  /**
   * Entries [from, to), which must be held, up to `bytesMax`; the first one also beyond it if
   * `atLeastOne`.
   */
  slice(from: number, to: number, bytesMax: number, atLeastOne: boolean): readonly Entry[] {
    const start = this.head + from - this.oldest;
    const end = start + to - from;
    let at = start;
    for (let bytes = 0; at < end; at += 1) {
      bytes += entryBytes(this.entries[at] as Entry);
      if (bytes > bytesMax && !(atLeastOne && at === start)) break;
    }
    return this.entries.slice(start, at);
  }

  /** Drops entries after `last`; returns the bytes they took. */
  cutAfter(last: number): number {
    let bytes = 0;
    while (this.count > 0) {
      const newest = this.entries[this.entries.length - 1] as Entry;
      if (newest.index <= last) break;
      bytes += tailBytesOf(newest);
      this.entries.pop();
      this.count -= 1;
    }
    if (this.count === 0) this.clearEntries();
    return bytes;
  }

  /** Drops entries up to and including `index`; returns the bytes they took. */
  dropThrough(index: number): number {
    const count = Math.min(this.count, Math.max(0, index - this.oldest + 1));
    let bytes = 0;
    for (let at = this.head; at < this.head + count; at += 1) {
      bytes += tailBytesOf(this.entries[at] as Entry);
    }
    this.dropOldest(count);
    return bytes;
  }

  /** Drops so many, without a look at them. */
  dropOldest(count: number): void {
    this.oldest += count;
    this.head += count;
    this.count -= count;
    if (this.count === 0) {
      this.clearEntries();
    } else if (this.head > 64 && this.head > this.count) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
  }

  private clearEntries(): void {
    this.entries = NONE;
    this.head = 0;
  }
}
