import type { RecentMap } from './recent-map.js';
import { rowText, type Row } from './table-shape.js';

/**
 * An order-independent digest of a set of rows: the sum of their hashes, modulo 2⁶⁴ in two lanes of
 * 32 bits. Adding a row and taking it away again leaves it as it was, so it moves with every batch
 * at the cost of the rows in that batch. It finds lost, doubled and altered rows; it is no defence
 * against somebody who wants to deceive it.
 */
export class RowDigest {
  constructor(
    public high = 0,
    public low = 0,
    public rows = 0,
  ) {}

  add(seed: number, row: Row): void {
    this.addText(seed, rowText(row));
  }

  /** The same as `add`, for a row that the next change of its record is likely to take away. */
  addRemembering(seed: number, row: Row, recent: RecentHashes): void {
    mix(seed, rowText(row));
    recent.set(row, { high: lane.high, low: lane.low });
    this.low = (this.low + lane.low) >>> 0;
    this.high = (this.high + lane.high) >>> 0;
    this.rows += 1;
  }

  subtract(seed: number, row: Row, recent?: RecentHashes): void {
    const { high, low } = recent?.take(row) ?? hashOf(seed, row);
    this.low = (this.low - low) >>> 0;
    this.high = (this.high - high) >>> 0;
    this.rows -= 1;
  }

  /** The same as `add`, for whoever has the row's text (`rowText`) already. */
  addText(seed: number, text: string): void {
    mix(seed, text);
    this.low = (this.low + lane.low) >>> 0;
    this.high = (this.high + lane.high) >>> 0;
    this.rows += 1;
  }

  equals(other: RowDigest): boolean {
    return this.low === other.low && this.high === other.high && this.rows === other.rows;
  }

  clone(): RowDigest {
    return new RowDigest(this.high, this.low, this.rows);
  }

  /** The version of the rule and sixteen hexadecimal digits. */
  toString(): string {
    return `${VERSION}-${hex(this.high)}${hex(this.low)}`;
  }

  /** Null for the text of another rule's digest: it says nothing about these rows. */
  static parse(text: string, rows: number): RowDigest | null {
    const digits = FORM.exec(text)?.[1];
    if (digits === undefined) return null;
    const [high, low] = [digits.slice(0, 8), digits.slice(8)];
    return new RowDigest(Number.parseInt(high, 16), Number.parseInt(low, 16), rows);
  }
}

/** Grows with every change of how rows become text or text becomes a hash. */
const VERSION = 2;
const FORM = new RegExp(`^${VERSION}-([0-9a-f]{16})$`);

/** The two halves of a row's hash. */
export interface RowHash {
  readonly high: number;
  readonly low: number;
}

export type RecentHashes = RecentMap<Row, RowHash>;

function hashOf(seed: number, row: Row): RowHash {
  mix(seed, rowText(row));
  return lane;
}

/** The hash of one row, as text: what verification compares key by key. */
export function rowHash(seed: number, row: Row): string {
  mix(seed, rowText(row));
  return hex(lane.high) + hex(lane.low);
}

/** A table's seed, so that a row moved into another table does not go unnoticed. */
export function seedOf(table: string): number {
  mix(0, table);
  return lane.low;
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');

/** Taken once: looking `Math` up again for every character is what would cost. */
const { imul } = Math;

/** The two halves of the last hash; one place, so that hashing a row allocates nothing. */
const lane = { high: 0, low: 0 };

/**
 * Two multiplicative lanes over pairs of UTF-16 units, each finished by murmur's avalanche. Words
 * are rotated before each multiplication, which by itself only carries upwards.
 */
function mix(seed: number, text: string): void {
  let a = (0x9e3779b9 ^ seed) | 0;
  let b = (0x85ebca6b + seed) | 0;
  const pairs = text.length & ~1;
  for (let at = 0; at < pairs; at += 2) {
    const word = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16);
    a = imul(((a << 15) | (a >>> 17)) ^ word, 0x2c1b3c6d);
    b = imul(((b << 7) | (b >>> 25)) + word, 0x9e3779b1);
  }
  if (pairs < text.length) {
    const word = text.charCodeAt(pairs);
    a = imul(((a << 15) | (a >>> 17)) ^ word, 0x2c1b3c6d);
    b = imul(((b << 7) | (b >>> 25)) + word, 0x9e3779b1);
  }
  lane.high = avalanche(a ^ (b >>> 16), text.length);
  lane.low = avalanche(b ^ (a >>> 15), ~text.length);
}

function avalanche(word: number, salt: number): number {
  let mixed = word ^ salt;
  mixed = imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
