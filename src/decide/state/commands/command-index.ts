import { NONE, RowIndex } from '../row-index.js';
import type { LinkedRows } from '../row-index.js';
import type { CommandRows } from './command-rows.js';

/**
 * Which row holds which command id. Ids come from clients, who must not be able to choose them so
 * that they collide: `seed` is drawn by each node for itself. It has no influence on what is found,
 * only on how soon.
 */
export class CommandIndex {
  private readonly index: RowIndex;

  constructor(
    private readonly rows: CommandRows,
    private readonly seed: number,
  ) {
    this.index = new RowIndex(new HashedCommands(rows, seed));
  }

  /** The row that holds this id, or -1. */
  find(wanted: Uint32Array): number {
    const { rows } = this;
    const first = this.index.first(hashOf(wanted, this.seed));
    for (let link = first; link !== NONE; link = rows.linkOf(link - 1)) {
      if (rows.holds(link - 1, wanted)) return link - 1;
    }
    return -1;
  }

  /** Enters a row whose id is not in the table yet. */
  add(row: number): void {
    this.index.add(row);
  }

  remove(row: number): void {
    this.index.remove(row);
  }
}

class HashedCommands implements LinkedRows {
  constructor(
    private readonly rows: CommandRows,
    private readonly seed: number,
  ) {}

  hashOf(row: number): number {
    this.rows.readId(row, idWords);
    return hashOf(idWords, this.seed);
  }

  linkOf(row: number): number {
    return this.rows.linkOf(row);
  }

  setLink(row: number, link: number): void {
    this.rows.setLink(row, link);
  }
}

/** The id of a row, read at once. */
const idWords = new Uint32Array(4);

function hashOf(id: Uint32Array, seed: number): number {
  let hash = mixed(seed, id[0] as number);
  hash = mixed(hash, id[1] as number);
  hash = mixed(hash, id[2] as number);
  hash = Math.imul(mixed(hash, id[3] as number), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x85ebca6b);
  return product ^ (product >>> 15);
}
