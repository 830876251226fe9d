import type { Entry } from '../../core/index.js';

/** Committed entries of one partition on their way to the state machine, in order. */
export class ApplyQueue {
  private readonly runs: (readonly Entry[])[] = [];
  private offset = 0;

  get isEmpty(): boolean {
    return this.runs.length === 0;
  }

  push(entries: readonly Entry[]): void {
    if (entries.length > 0) this.runs.push(entries);
  }

  peek(): Entry | null {
    return this.runs[0]?.[this.offset] ?? null;
  }

  /** Removes what `peek` showed. */
  shift(): void {
    this.offset += 1;
    if (this.offset < (this.runs[0]?.length ?? 0)) return;
    this.runs.shift();
    this.offset = 0;
  }

  clear(): void {
    this.runs.length = 0;
    this.offset = 0;
  }
}
