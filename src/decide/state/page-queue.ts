import { invariant } from '@metad/foundation';

const ROW_BITS = 9;
/** Rows in a page. */
export const PAGE_ROWS = 1 << ROW_BITS;
/** Rows are numbered modulo this; far fewer are ever held at once. */
export const ROW_MASK = 0x7fff_ffff;
const PAGE_MASK = ROW_MASK >>> ROW_BITS;
/** Pages kept for the next rows: as many as leave before others come. */
const SPARE_MAX = 2;

/**
 * Memory of one page. It is shared memory, though nobody shares it, because V8 does not count that
 * towards the bytes outside of its heap that provoke collections: no collection could free it.
 */
export class Page {
  readonly view: DataView;
  readonly words: Uint32Array;
  /** The queue, and images that have not been released. */
  holders = 1;

  constructor(readonly memory: SharedArrayBuffer) {
    this.view = new DataView(memory);
    this.words = new Uint32Array(memory);
  }
}

/**
 * Rows of one size in pages: they are added at one end and leave at the other, a page at a time. A
 * page is neither moved nor made larger, and is used again when its rows have left, so that in the
 * steady state nothing is allocated here, and nothing dies.
 */
export class PageQueue {
  private readonly pages: Page[] = [];
  private readonly spare: Page[] = [];
  /** Number of `pages[0]`. */
  private first = 0;

  constructor(private readonly rowBytes: number) {}

  /** The page of a row. */
  pageOf(row: number): Page {
    return this.pages[((row >>> ROW_BITS) - this.first) & PAGE_MASK] as Page;
  }

  /** Makes room for a row: the first of all, or the next after the last. */
  extendTo(row: number): void {
    const page = row >>> ROW_BITS;
    if (this.pages.length === 0) this.first = page;
    const at = (page - this.first) & PAGE_MASK;
    if (at < this.pages.length) return;
    invariant(at === this.pages.length, 'rows are added one after another');
    this.pages.push(this.spare.pop() ?? new Page(memoryOf(PAGE_ROWS * this.rowBytes)));
  }

  /** Lets the pages go whose rows are all before `row`. */
  dropBefore(row: number): void {
    const count = ((row >>> ROW_BITS) - this.first) & PAGE_MASK;
    if (count === 0) return;
    for (const page of this.pages.splice(0, count)) this.letGo(page);
    this.first = row >>> ROW_BITS;
  }

  /** The pages with `count` rows from `row` on, which stay as they are until they are let go. */
  hold(row: number, count: number): Page[] {
    if (count === 0) return [];
    const from = ((row >>> ROW_BITS) - this.first) & PAGE_MASK;
    const to = (((row + count - 1) >>> ROW_BITS) - this.first) & PAGE_MASK;
    const held = this.pages.slice(from, to + 1);
    for (const page of held) page.holders += 1;
    return held;
  }

  letGo(page: Page): void {
    page.holders -= 1;
    if (page.holders > 0 || this.spare.length >= SPARE_MAX) return;
    page.holders = 1;
    this.spare.push(page);
  }
}

export const memoryOf = (bytes: number): SharedArrayBuffer => new SharedArrayBuffer(bytes);
