import { invariant } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';

/** Shared by all that never had two at a time. */
const NOTHING: number[] = [];

/**
 * Runs of entries under way, each with its last index and its bytes, say the appends sent to one
 * peer and not yet answered: a window bounded in number and in bytes. The oldest one stands in the
 * window itself, and mostly it is the only one: there is nothing else to touch then.
 */
export class Inflights {
  count = 0;
  bytes = 0;
  private oldestLast = 0;
  private oldestBytes = 0;
  /** Last index and bytes of each younger one by turns, from `head` on; the rest is left over. */
  private younger = NOTHING;
  private head = 0;

  constructor(
    private readonly runsMax: number,
    private readonly bytesMax: number,
  ) {}

  isFull(): boolean {
    return this.count >= this.runsMax || this.bytes >= this.bytesMax;
  }

  /** `lastIndex` is that of the run's last entry. */
  add(lastIndex: LogIndex, bytes: number): void {
    invariant(!this.isFull(), 'nothing is sent beyond the window');
    if (this.count === 0) {
      this.oldestLast = lastIndex;
      this.oldestBytes = bytes;
    } else {
      this.addYounger(lastIndex, bytes);
    }
    this.count += 1;
    this.bytes += bytes;
  }

  /** Frees every run whose entries are all at or below `index`. */
  freeTo(index: LogIndex): void {
    while (this.count > 0 && this.oldestLast <= index) this.freeFirst();
  }

  /** Frees the oldest run: its answer may have been lost, and the window must not stay shut. */
  freeFirst(): void {
    if (this.count === 0) return;
    this.bytes -= this.oldestBytes;
    this.count -= 1;
    if (this.count > 0) this.takeOldest();
  }

  clear(): void {
    this.count = 0;
    this.bytes = 0;
    this.head = 0;
  }

  private addYounger(lastIndex: number, bytes: number): void {
    if (this.younger === NOTHING) this.younger = [];
    const at = this.head + (this.count - 1) * 2;
    this.younger[at] = lastIndex;
    this.younger[at + 1] = bytes;
  }

  private takeOldest(): void {
    this.oldestLast = this.younger[this.head] as number;
    this.oldestBytes = this.younger[this.head + 1] as number;
    this.head = this.count === 1 ? 0 : this.head + 2;
    if (this.head > 128) {
      this.younger.splice(0, this.head);
      this.head = 0;
    }
  }
}
