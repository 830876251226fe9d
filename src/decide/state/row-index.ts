import { PageQueue, PAGE_ROWS } from './page-queue.js';

const BUCKETS_MIN = 16;
const WORD_BYTES = 4;
/** In a bucket or a link: row + 1 is held, or nothing. */
export const NONE = 0;

/** Rows that an index links within its buckets: each keeps a link for it, and tells its hash. */
export interface LinkedRows {
  /** The same for as long as the row is in the index: 32 bits. */
  hashOf(row: number): number;
  linkOf(row: number): number;
  setLink(row: number, link: number): void;
}

/**
 * A hash table of row numbers, linked within their bucket. It grows by one bucket for each row,
 * splitting one of those before it (linear hashing), so that no command waits until all others have
 * been placed anew, no table is thrown away, and no object is made for a row.
 */
export class RowIndex {
  private readonly heads = new PageQueue(WORD_BYTES);
  private buckets = 0;
  /** 2ⁿ − 1 for the largest power of two that is not above the number of buckets. */
  private mask = BUCKETS_MIN - 1;
  private count = 0;

  constructor(private readonly rows: LinkedRows) {}

  get size(): number {
    return this.count;
  }

  /** Where the rows of this hash are linked: row + 1 of the first, or `NONE`. */
  first(hash: number): number {
    return this.count === 0 ? NONE : this.head(this.bucketOf(hash));
  }

  /** Enters a row that is not in the table yet. */
  add(row: number): void {
    while (this.buckets <= this.count || this.buckets < BUCKETS_MIN) this.addBucket();
    const bucket = this.bucketOf(this.rows.hashOf(row));
    this.rows.setLink(row, this.head(bucket));
    this.setHead(bucket, row + 1);
    this.count += 1;
  }

  remove(row: number): void {
    const { rows } = this;
    const bucket = this.bucketOf(rows.hashOf(row));
    this.count -= 1;
    const after = rows.linkOf(row);
    let link = this.head(bucket);
    if (link === row + 1) return this.setHead(bucket, after);
    while (rows.linkOf(link - 1) !== row + 1) link = rows.linkOf(link - 1);
    rows.setLink(link - 1, after);
  }

  /** Splits the bucket whose turn it is: some of its rows belong into the new one. */
  private addBucket(): void {
    const added = this.buckets;
    this.heads.extendTo(added);
    this.buckets += 1;
    if (added < BUCKETS_MIN) return;
    const { rows, mask } = this;
    const split = added - (mask + 1);
    let [stays, moves] = [NONE, NONE];
    for (let link = this.head(split), next = NONE; link !== NONE; link = next) {
      const row = link - 1;
      next = rows.linkOf(row);
      if ((rows.hashOf(row) & (mask * 2 + 1)) === added) {
        rows.setLink(row, moves);
        moves = link;
      } else {
        rows.setLink(row, stays);
        stays = link;
      }
    }
    this.setHead(split, stays);
    this.setHead(added, moves);
    if (this.buckets === (mask + 1) * 2) this.mask = mask * 2 + 1;
  }

  private head(bucket: number): number {
    return this.heads.pageOf(bucket).words[bucket & (PAGE_ROWS - 1)] as number;
  }

  private setHead(bucket: number, link: number): void {
    this.heads.pageOf(bucket).words[bucket & (PAGE_ROWS - 1)] = link;
  }

  private bucketOf(hash: number): number {
    const bucket = hash & (this.mask * 2 + 1);
    return bucket < this.buckets ? bucket : bucket & this.mask;
  }
}
