import type { LogIndex, PartitionId } from '@metad/foundation';

/** Somebody has read up to `index`, and is taken to go on from there. */
interface Mark {
  index: LogIndex;
  /** Monotonic milliseconds. */
  at: number;
}

const marksMax = 16;
const patienceMs = 60_000;

/**
 * Where the readers of each partition stand, guessed from what they read: whoever has read up to
 * an index in the last minute is taken to go on from there. Wrong guesses cost memory, or a
 * replay, and never an entry. At most 16 readers a partition are followed; of more, the ones ahead
 * are not.
 */
export class ReaderMarks {
  private readonly marks = new Map<PartitionId, Mark[]>();

  constructor(private readonly monotonic: () => number) {}

  /** A reader that stood at `from` has read up to `to`. */
  moved(partition: PartitionId, from: LogIndex, to: LogIndex): void {
    let marks = this.marks.get(partition);
    if (marks === undefined) {
      marks = [];
      this.marks.set(partition, marks);
    }
    const at = this.monotonic();
    for (const mark of marks) {
      if (mark.index !== from) continue;
      mark.index = to;
      mark.at = at;
      return;
    }
    if (marks.length === marksMax) marks.splice(furthestOf(marks), 1);
    marks.push({ index: to, at });
  }

  /** A reader that stood at `at` has gone. */
  left(partition: PartitionId, at: LogIndex): void {
    const marks = this.marks.get(partition);
    const found = marks?.findIndex(({ index }) => index === at) ?? -1;
    if (found >= 0) marks?.splice(found, 1);
  }

  /** The lowest index that a reader of the partition stands at; null when nobody reads it. */
  lowest(partition: PartitionId): LogIndex | null {
    const marks = this.marks.get(partition);
    if (marks === undefined) return null;
    const since = this.monotonic() - patienceMs;
    let lowest: LogIndex | null = null;
    for (let at = marks.length - 1; at >= 0; at -= 1) {
      const mark = marks[at] as Mark;
      if (mark.at < since) marks.splice(at, 1);
      else if (lowest === null || mark.index < lowest) lowest = mark.index;
    }
    return lowest;
  }
}

function furthestOf(marks: readonly Mark[]): number {
  let furthest = 0;
  for (const [at, { index }] of marks.entries()) {
    if (index > (marks[furthest] as Mark).index) furthest = at;
  }
  return furthest;
}
