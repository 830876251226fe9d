import type { Entry } from '../../../core/index.js';

/** What an entry costs in memory beside its data: two objects and a slot, roughly. */
const ENTRY_OVERHEAD_BYTES = 200;
const NONE: Entry[] = [];

export const tailBytesOf = (entry: Entry): number => entry.data.length + ENTRY_OVERHEAD_BYTES;

/** The newest entries of one partition, in memory: contiguous, and ending with the last. */
export class EntryTail {
  private entries = NONE;
  private head = 0;

  get count(): number {
    return this.entries.length - this.head;
  }

  /** Index of the oldest entry held; 0 when there is none. */
  get first(): number {
    return this.entries[this.head]?.index ?? 0;
  }

  push(entry: Entry): void {
    if (this.entries === NONE) this.entries = [];
    this.entries.push(entry);
  }

  /** The entry at `index`, which must be held. */
  at(index: number): Entry {
    return this.entries[this.head + index - this.first] as Entry;
  }

  /** Drops entries after `last`; returns the bytes they took. */
  cutAfter(last: number): number {
    let bytes = 0;
    while (this.count > 0) {
      const newest = this.entries[this.entries.length - 1] as Entry;
      if (newest.index <= last) break;
      bytes += tailBytesOf(newest);
      this.entries.pop();
    }
    if (this.count === 0) this.clearEntries();
    return bytes;
  }

  /** Drops entries up to and including `index`; returns the bytes they took. */
  dropThrough(index: number): number {
    let bytes = 0;
    const { entries } = this;
    let { head } = this;
    while (head < entries.length && (entries[head] as Entry).index <= index) {
      bytes += tailBytesOf(entries[head] as Entry);
      head += 1;
    }
    this.head = head;
    if (head === entries.length) {
      this.clearEntries();
    } else if (head > 64 && head * 2 > entries.length) {
      this.entries = entries.slice(head);
      this.head = 0;
    }
    return bytes;
  }

  private clearEntries(): void {
    this.entries = NONE;
    this.head = 0;
  }
}
