import type { Cell } from '../table/table-shape.js';

/** Element types of the arrays that statements take, by the server's name for them. */
export type ElementType = 'text' | 'integer' | 'bigint' | 'boolean';

/** Object ids of these types; they are part of the protocol and never change. */
const OIDS: Readonly<Record<ElementType, number>> = {
  text: 25,
  integer: 23,
  bigint: 20,
  boolean: 16,
};

/** Dimensions, a flag for nulls, the element's type; length and lower bound of the dimension. */
const HEADER_BYTES = 20;
const TWO_TO_32 = 2 ** 32;

/** Grows to the largest array so far; every array is copied out of it. */
let scratch = Buffer.allocUnsafe(64 * 1024);

/**
 * A one-dimensional array in the server's binary form, which neither side has to escape or parse.
 * Throws TypeError for a cell that is not of the element's type: a server would misread it.
 */
export function binaryArray(type: ElementType, cells: readonly Cell[]): Buffer {
  let at = HEADER_BYTES;
  let nulls = 0;
  for (const cell of cells) {
    if (cell === null) {
      at = reserve(at, 4);
      scratch.writeInt32BE(-1, at);
      at += 4;
      nulls = 1;
    } else {
      at = writeElement(type, cell, at);
    }
  }
  scratch.writeInt32BE(1, 0);
  scratch.writeInt32BE(nulls, 4);
  scratch.writeInt32BE(OIDS[type], 8);
  scratch.writeInt32BE(cells.length, 12);
  scratch.writeInt32BE(1, 16);
  return Buffer.from(scratch.subarray(0, at));
}

function writeElement(type: ElementType, cell: string | number | boolean, at: number): number {
  switch (type) {
    case 'text': {
      if (typeof cell !== 'string') break;
      // A UTF-16 unit takes three bytes at most.
      reserve(at, 4 + cell.length * 3);
      const bytes = scratch.write(cell, at + 4, 'utf8');
      scratch.writeInt32BE(bytes, at);
      return at + 4 + bytes;
    }
    case 'integer':
      if (typeof cell !== 'number') break;
      reserve(at, 8);
      scratch.writeInt32BE(4, at);
      return scratch.writeInt32BE(cell, at + 4);
    case 'bigint':
      if (!Number.isSafeInteger(cell)) break;
      reserve(at, 12);
      scratch.writeInt32BE(8, at);
      scratch.writeInt32BE(Math.floor((cell as number) / TWO_TO_32), at + 4);
      return scratch.writeUInt32BE((cell as number) >>> 0, at + 8);
    case 'boolean':
      if (typeof cell !== 'boolean') break;
      reserve(at, 5);
      scratch.writeInt32BE(1, at);
      return scratch.writeUInt8(cell ? 1 : 0, at + 4);
  }
  throw new TypeError(`a ${typeof cell} is no ${type}`);
}

/** Makes room for `bytes` more and returns `at`. */
function reserve(at: number, bytes: number): number {
  if (at + bytes > scratch.length) {
    const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes));
    scratch.copy(larger, 0, 0, at);
    scratch = larger;
  }
  return at;
}
