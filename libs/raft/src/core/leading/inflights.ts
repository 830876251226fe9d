import { invariant } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';

/** The appends sent to one peer and not yet answered: a window bounded in number and in bytes. */
export class Inflights {
  private readonly lastIndexes: LogIndex[] = [];
  private readonly sizes: number[] = [];
  private head = 0;
  private bytes = 0;

  constructor(
    private readonly appendsMax: number,
    private readonly bytesMax: number,
  ) {}

  get count(): number {
    return this.lastIndexes.length - this.head;
  }

  isFull(): boolean {
    return this.count >= this.appendsMax || this.bytes >= this.bytesMax;
  }

  /** `lastIndex` is that of the append's last entry. */
  add(lastIndex: LogIndex, bytes: number): void {
    invariant(!this.isFull(), 'nothing is sent beyond the window');
    this.lastIndexes.push(lastIndex);
    this.sizes.push(bytes);
    this.bytes += bytes;
  }

  /** Frees every append whose entries are all at or below `index`. */
  freeTo(index: LogIndex): void {
    while (this.head < this.lastIndexes.length && (this.lastIndexes[this.head] ?? 0) <= index) {
      this.freeFirst();
    }
  }

  /** Frees the oldest append: its answer may have been lost, and the window must not stay shut. */
  freeFirst(): void {
    if (this.count === 0) return;
    this.bytes -= this.sizes[this.head] ?? 0;
    this.head += 1;
    if (this.head === this.lastIndexes.length) this.clear();
    else if (this.head > 64) this.shrink();
  }

  clear(): void {
    this.lastIndexes.length = 0;
    this.sizes.length = 0;
    this.head = 0;
    this.bytes = 0;
  }

  private shrink(): void {
    this.lastIndexes.splice(0, this.head);
    this.sizes.splice(0, this.head);
    this.head = 0;
  }
}
