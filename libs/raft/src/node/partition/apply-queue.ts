import { NONE } from '@metad/foundation';
import type { Entry } from '../../core/index.js';

/**
 * Committed entries of one partition on their way to the state machine, in order. A core hands out
 * the next ones when those before are applied, so mostly this is the list of one Ready.
 */
export class ApplyQueue {
  private entries: readonly Entry[] = NONE;
  private offset = 0;

  get isEmpty(): boolean {
    return this.offset === this.entries.length;
  }

  push(entries: readonly Entry[]): void {
    this.entries = this.isEmpty ? entries : this.entries.slice(this.offset).concat(entries);
    this.offset = 0;
  }

  peek(): Entry | null {
    return this.isEmpty ? null : (this.entries[this.offset] as Entry);
  }

  /** Removes what `peek` showed. */
  shift(): void {
    this.offset += 1;
    if (this.isEmpty) this.clear();
  }

  clear(): void {
    this.entries = NONE;
    this.offset = 0;
  }
}
