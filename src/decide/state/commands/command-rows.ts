import { invariant } from '@metad/foundation';
import type { LogIndex, LogTime } from '@metad/foundation';
import type { ErrorCode } from '@metad/contract';
import type { Outcome } from '../../outcome.js';
import { formatCommandId } from './command-id.js';
import { PageQueue, PAGE_ROWS } from '../page-queue.js';
import type { Page } from '../page-queue.js';

/** Bytes of one row, in memory and in an image, little endian: id, hash, numbers, flags. */
export const ROW_BYTES = 16 + 8 + 32 + 2;
const HASH = 16;
const INDEX = 24;
const TIME = 32;
const VERSION = 40;
const FENCE = 48;
const FLAGS = 56;
/** A page begins with a link for each of its rows. */
const LINK_BYTES = 4;
const LINKS_BYTES = PAGE_ROWS * LINK_BYTES;
/** Bytes copied out of an image at a time, about. */
const CHUNK_ROWS = 4_096;

const ACCEPTED = 1;
const CHANGED = 2;
const REASON_SHIFT = 2;
const REASONS_MAX = 1 << 14;
const NO_FENCE = -1;

/** Why a command was refused, as far as it is kept in brief. */
export type Reason = readonly [code: ErrorCode, rule: string];

/** Codes and rules that refusals have named; there are as many as the program has rules. */
export class Reasons {
  private readonly byKey = new Map<string, number>();

  constructor(readonly list: Reason[] = []) {
    for (const [at, [code, rule]] of list.entries()) this.byKey.set(`${code} ${rule}`, at);
  }

  idOf(code: ErrorCode, rule: string): number {
    const key = `${code} ${rule}`;
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    invariant(this.list.length < REASONS_MAX, 'rules have names, not data in their names');
    this.list.push([code, rule]);
    this.byKey.set(key, this.list.length - 1);
    return this.list.length - 1;
  }
}

/** Rows that stay as they are until the image is released. */
export interface RowsImage {
  /** All of them, one after another, as copies. */
  chunks(): Generator<Buffer>;
  release(): void;
}

/**
 * What is kept of every remembered command, one row each, as an image has it: the garbage collector
 * sees a handful of objects for hundreds of commands. Beside it a link, which the index uses.
 */
export class CommandRows {
  private readonly pages = new PageQueue(LINK_BYTES + ROW_BYTES);

  /** Makes room for a row: the first of all, or the next after the last. */
  extendTo(row: number): void {
    this.pages.extendTo(row);
  }

  /** Lets the pages go whose rows are all before `row`. */
  dropBefore(row: number): void {
    this.pages.dropBefore(row);
  }

  put(row: number, id: Uint32Array, high: number, low: number): void {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row);
    view.setUint32(at, id[0] as number, true);
    view.setUint32(at + 4, id[1] as number, true);
    view.setUint32(at + 8, id[2] as number, true);
    view.setUint32(at + 12, id[3] as number, true);
    view.setInt32(at + HASH, high, true);
    view.setInt32(at + HASH + 4, low, true);
  }

  /** What is left of an outcome in brief: no events, no record, no message. */
  putOutcome(row: number, outcome: Outcome, reasons: Reasons): void {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row);
    view.setFloat64(at + INDEX, outcome.index, true);
    view.setFloat64(at + TIME, outcome.time, true);
    if (outcome.accepted) {
      view.setFloat64(at + VERSION, outcome.version, true);
      view.setFloat64(at + FENCE, outcome.fence ?? NO_FENCE, true);
      view.setUint16(at + FLAGS, ACCEPTED | (outcome.changed ? CHANGED : 0), true);
    } else {
      const { code, rule } = outcome.rejection;
      view.setFloat64(at + VERSION, 0, true);
      view.setFloat64(at + FENCE, NO_FENCE, true);
      view.setUint16(at + FLAGS, reasons.idOf(code, rule) << REASON_SHIFT, true);
    }
  }

  holds(row: number, id: Uint32Array): boolean {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row);
    // Ids that were made one after another differ in their last word.
    return (
      view.getUint32(at + 12, true) === id[3] &&
      view.getUint32(at, true) === id[0] &&
      view.getUint32(at + 4, true) === id[1] &&
      view.getUint32(at + 8, true) === id[2]
    );
  }

  /** The four words of the id. */
  readId(row: number, into: Uint32Array): void {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row);
    into[0] = view.getUint32(at, true);
    into[1] = view.getUint32(at + 4, true);
    into[2] = view.getUint32(at + 8, true);
    into[3] = view.getUint32(at + 12, true);
  }

  linkOf(row: number): number {
    return this.pages.pageOf(row).words[row & (PAGE_ROWS - 1)] as number;
  }

  setLink(row: number, link: number): void {
    this.pages.pageOf(row).words[row & (PAGE_ROWS - 1)] = link;
  }

  timeOf(row: number): LogTime {
    return this.pages.pageOf(row).view.getFloat64(offsetOf(row) + TIME, true) as LogTime;
  }

  /** The hash of what the command said. */
  hashOf(row: number): { readonly high: number; readonly low: number } {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row) + HASH;
    return { high: view.getInt32(at, true), low: view.getInt32(at + 4, true) };
  }

  commandIdOf(row: number): string {
    const id = new Uint32Array(4);
    this.readId(row, id);
    return formatCommandId([...id]);
  }

  /** The outcome in brief. */
  outcomeOf(row: number, reasons: Reasons): Outcome {
    const { view } = this.pages.pageOf(row);
    const at = offsetOf(row);
    const index = view.getFloat64(at + INDEX, true) as LogIndex;
    const time = view.getFloat64(at + TIME, true) as LogTime;
    const flags = view.getUint16(at + FLAGS, true);
    if ((flags & ACCEPTED) === 0) {
      const [code, rule] = reasons.list[flags >> REASON_SHIFT] as Reason;
      const message = 'it was refused when it first came; the details are no longer kept';
      return { accepted: false, index, time, rejection: { code, rule, message }, record: null };
    }
    const fence = view.getFloat64(at + FENCE, true);
    return {
      accepted: true,
      changed: (flags & CHANGED) !== 0,
      version: view.getFloat64(at + VERSION, true),
      fence: fence === NO_FENCE ? null : (fence as LogIndex),
      index,
      time,
      events: [],
      record: null,
    };
  }

  /** `count` rows from `row` on. */
  image(row: number, count: number): RowsImage {
    const held = this.pages.hold(row, count);
    return {
      chunks: () => chunksOf(held, row & (PAGE_ROWS - 1), count),
      release: () => {
        for (const page of held.splice(0)) this.pages.letGo(page);
      },
    };
  }

  /** Takes a row as an image has it. */
  putBytes(row: number, bytes: Buffer, at: number): void {
    const { memory } = this.pages.pageOf(row);
    new Uint8Array(memory, offsetOf(row), ROW_BYTES).set(bytes.subarray(at, at + ROW_BYTES));
  }
}

const offsetOf = (row: number): number => LINKS_BYTES + (row & (PAGE_ROWS - 1)) * ROW_BYTES;

function* chunksOf(pages: readonly Page[], first: number, count: number): Generator<Buffer> {
  const end = first + count;
  for (let from = first; from < end;) {
    const to = Math.min(from + CHUNK_ROWS, end);
    const chunk = Buffer.allocUnsafeSlow((to - from) * ROW_BYTES);
    for (let row = from; row < to;) {
      const rows = Math.min(PAGE_ROWS - (row & (PAGE_ROWS - 1)), to - row);
      const { memory } = pages[Math.floor(row / PAGE_ROWS)] as Page;
      chunk.set(new Uint8Array(memory, offsetOf(row), rows * ROW_BYTES), (row - from) * ROW_BYTES);
      row += rows;
    }
    yield chunk;
    from = to;
  }
}
