import { invariant } from '@metad/foundation';
import type { Outcome } from '../../outcome.js';

/** A head that has left so many places behind is cut off, if it is half of the list. */
const HEAD_MIN = 1_024;

/** Outcomes in the order of their coming; the oldest leave first. */
export class WaitingOutcomes {
  private list: (Outcome | null)[] = [];
  private head = 0;

  get size(): number {
    return this.list.length - this.head;
  }

  push(outcome: Outcome): void {
    this.list.push(outcome);
  }

  /** `nth` of the oldest is 0. */
  at(nth: number): Outcome {
    const outcome = this.list[this.head + nth] ?? null;
    invariant(outcome !== null, 'an outcome that is asked for waits here');
    return outcome;
  }

  shift(): Outcome {
    const outcome = this.at(0);
    this.list[this.head] = null;
    this.head += 1;
    if (this.head >= HEAD_MIN && this.head * 2 >= this.list.length) {
      this.list = this.list.slice(this.head);
      this.head = 0;
    }
    return outcome;
  }
}
