import type { PartitionLog } from './partition-log.js';

interface Admission {
  readonly log: PartitionLog;
  readonly last: number;
  /** The log's truncation count when these entries came. */
  readonly epoch: number;
  /** Entries may leave memory once their batch is on disk. */
  readonly batch: number;
}

/**
 * Keeps the tails of all partitions below `bytesMax` together: the oldest appended leave first,
 * whichever partition they belong to. Entries not yet written stay, so the limit is exceeded by
 * what is under way, which the driver bounds.
 */
export class TailBudget {
  private admissions: Admission[] = [];
  private head = 0;
  bytes = 0;

  constructor(private readonly bytesMax: number) {}

  admit(log: PartitionLog, batch: number): void {
    this.admissions.push({ log, last: log.lastIndex(), epoch: log.truncations, batch });
  }

  /** Lets the oldest go until the limit holds; `writtenBatch` and before are on disk. */
  evict(writtenBatch: number): void {
    while (this.bytes > this.bytesMax && this.head < this.admissions.length) {
      const oldest = this.admissions[this.head] as Admission;
      if (oldest.batch > writtenBatch) break;
      this.head += 1;
      // After a truncation the same indexes may hold newer entries: those have their own turn.
      if (oldest.epoch === oldest.log.truncations) oldest.log.forgetTail(oldest.last);
    }
    if (this.head > 1024 && this.head * 2 > this.admissions.length) {
      this.admissions = this.admissions.slice(this.head);
      this.head = 0;
    }
  }
}
