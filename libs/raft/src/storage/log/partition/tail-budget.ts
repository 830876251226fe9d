import type { PartitionLog } from './partition-log.js';

const ROWS_AT_FIRST = 64;
/** What is noted of an append. */
const LAST = 0;
const COUNT = 1;
const BYTES = 2;
/** The log's truncation count when these entries came. */
const EPOCH = 3;
/** Entries may leave memory once their batch is on disk. */
const BATCH = 4;
const COLUMNS = 5;

/**
 * Keeps the tails of all partitions below `bytesMax` together: the oldest appended leave first,
 * whichever partition they belong to. Entries not yet written stay, so the limit is exceeded by
 * what is under way, which the driver bounds. Appends stand in a ring of rows of numbers, since
 * with many partitions there are as many of them as entries, and each stays as long as they do; a
 * row says all that is to be known of its entries, for nobody touched them since.
 */
export class TailBudget {
  private logs = new Array<PartitionLog | undefined>(ROWS_AT_FIRST).fill(undefined);
  private rows = new Float64Array(ROWS_AT_FIRST * COLUMNS);
  /** The oldest row, and how many there are from it on, around the end of the ring. */
  private head = 0;
  private size = 0;
  bytes = 0;

  constructor(private readonly bytesMax: number) {}

  /** The newest `count` entries of the log, which take `bytes`, came with this batch. */
  admit(log: PartitionLog, count: number, bytes: number, batch: number): void {
    this.bytes += bytes;
    this.line(log, count, bytes, batch);
  }

  /** What a truncation left in memory: it leaves at the turn of an append that came now. */
  readmit(log: PartitionLog, count: number, bytes: number, batch: number): void {
    if (count > 0) this.line(log, count, bytes, batch);
  }

  private line(log: PartitionLog, count: number, bytes: number, batch: number): void {
    if (this.size === this.logs.length) this.grow();
    const at = (this.head + this.size) % this.logs.length;
    const { rows } = this;
    const row = at * COLUMNS;
    this.logs[at] = log;
    rows[row + LAST] = log.lastIndex();
    rows[row + COUNT] = count;
    rows[row + BYTES] = bytes;
    rows[row + EPOCH] = log.truncations;
    rows[row + BATCH] = batch;
    this.size += 1;
  }

  /** Lets the oldest go until the limit holds; `writtenBatch` and before are on disk. */
  evict(writtenBatch: number): void {
    const { logs, rows } = this;
    while (this.bytes > this.bytesMax && this.size > 0) {
      const row = this.head * COLUMNS;
      if ((rows[row + BATCH] as number) > writtenBatch) break;
      const log = logs[this.head] as PartitionLog;
      // After a truncation the same indexes may hold newer entries: those have their own turn, and
      // what was left has another one.
      if (rows[row + EPOCH] === log.truncations) {
        const count = rows[row + COUNT] as number;
        log.evict(rows[row + LAST] as number, count, rows[row + BYTES] as number);
      }
      logs[this.head] = undefined;
      this.head = (this.head + 1) % logs.length;
      this.size -= 1;
    }
  }

  private grow(): void {
    const { logs, rows, head } = this;
    this.logs = [...logs.slice(head), ...logs.slice(0, head)];
    this.logs.length = logs.length * 2;
    this.logs.fill(undefined, logs.length);
    this.rows = new Float64Array(rows.length * 2);
    this.rows.set(rows.subarray(head * COLUMNS));
    this.rows.set(rows.subarray(0, head * COLUMNS), rows.length - head * COLUMNS);
    this.head = 0;
  }
}
