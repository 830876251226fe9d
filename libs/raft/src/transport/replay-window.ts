/** Counters remembered below the highest one: how far frames may overtake each other. */
const windowSize = 1024;

/**
 * Accepts every counter of one sender once. Counters rise by one for each frame, but frames may
 * arrive out of order; within the window below the highest, what has been seen is known exactly;
 * what is older than the window counts as seen. `floor` and everything below it is never accepted:
 * it keeps frames recorded before this receiver started from being played to it again.
 */
export class ReplayWindow {
  private highest: number;
  private readonly seen = new Uint8Array(windowSize);

  constructor(private readonly floor: number) {
    this.highest = floor;
  }

  /** A sender whose counters are refused may go on above this one. */
  get floorForSender(): number {
    return this.highest;
  }

  accept(counter: number): boolean {
    if (counter > this.highest) {
      this.advance(counter);
    } else if (counter <= this.floor || counter <= this.highest - windowSize) {
      return false;
    } else if (this.seen[counter % windowSize] === 1) {
      return false;
    }
    this.seen[counter % windowSize] = 1;
    return true;
  }

  private advance(counter: number): void {
    if (counter - this.highest >= windowSize) {
      this.seen.fill(0);
    } else {
      for (let at = this.highest + 1; at <= counter; at += 1) this.seen[at % windowSize] = 0;
    }
    this.highest = counter;
  }
}
