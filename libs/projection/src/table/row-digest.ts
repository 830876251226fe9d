import type { Row } from './table-shape.js';

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
    mix(seed, JSON.stringify(row));
    this.low = (this.low + lane.low) >>> 0;
    this.high = (this.high + lane.high) >>> 0;
    this.rows += 1;
  }

  subtract(seed: number, row: Row): void {
    mix(seed, JSON.stringify(row));
    this.low = (this.low - lane.low) >>> 0;
    this.high = (this.high - lane.high) >>> 0;
    this.rows -= 1;
  }

  equals(other: RowDigest): boolean {
    return this.low === other.low && this.high === other.high && this.rows === other.rows;
  }

  clone(): RowDigest {
    return new RowDigest(this.high, this.low, this.rows);
  }

  /** Sixteen hexadecimal digits. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }

  static parse(text: string, rows: number): RowDigest {
    const [high, low] = [text.slice(0, 8), text.slice(8)];
    return new RowDigest(Number.parseInt(high, 16), Number.parseInt(low, 16), rows);
  }
}

/** The hash of one row, as text: what verification compares key by key. */
export function rowHash(seed: number, row: Row): string {
  mix(seed, JSON.stringify(row));
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

/** Two multiplicative lanes over UTF-16 units, each finished by murmur's avalanche. */
function mix(seed: number, text: string): void {
  let a = (0x9e3779b9 ^ seed) | 0;
  let b = (0x85ebca6b + seed) | 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    a = imul(a ^ unit, 0x01000193);
    b = imul((b << 5) ^ (b >>> 27) ^ unit, 0x9e3779b1);
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
