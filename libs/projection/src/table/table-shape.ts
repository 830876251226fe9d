/** How a column is stored, and what a cell of it looks like in memory. */
export type ColumnType =
  | 'text'
  | 'integer'
  | 'bigint'
  | 'boolean'
  /** Cell: milliseconds since the epoch. Column: `timestamptz`. */
  | 'timestamp'
  /** Cell: canonical JSON text (see `canonicalJson`). Column: `jsonb`. */
  | 'json'
  /** Cell: canonical JSON text of an array of strings. Column: `text[]`. */
  | 'textArray';

/** One value of a row. Plain and monomorphic: rows are made and hashed by the hundred thousand. */
export type Cell = string | number | boolean | null;

/** Cells in the order of the shape's columns. Immutable, like the record they were made of. */
export type Row = readonly Cell[];

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/**
 * One table of a projection, without its version: the rows of version 2 of `resource` are in
 * `resource_v2`, and the view `resource` shows the version in use. Every table also has a column
 * `partition`, which the writer fills: digests are kept per partition.
 */
export interface TableShape {
  readonly name: string;
  /** The key's columns come first. */
  readonly columns: readonly Column[];
  readonly keyColumns: number;
  /**
   * `upsert`: the last write of a key wins. `append`: rows are only ever added, which `COPY` does
   * at a fraction of the cost; their columns are text, numbers or JSON (times: ms as `bigint`).
   */
  readonly writes: 'upsert' | 'append';
  /** What the view selects from the table in use; default all of it. */
  readonly viewOf?: (table: string) => string;
}

export const tableName = (shape: TableShape, version: number): string =>
  `${shape.name}_v${version}`;

/** The key's cells as one text, for maps and for messages. */
export function keyOf(shape: TableShape, row: Row): string {
  if (shape.keyColumns === 1) return String(row[0]);
  if (shape.keyColumns === 2) return `${row[0]}\u0000${row[1]}`;
  return row.slice(0, shape.keyColumns).join('\u0000');
}

/**
 * JSON with sorted keys, so that the same data always has the same text: `jsonb` keeps neither the
 * order of keys nor spacing, and a row read back must hash as it did when it was written.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value) ?? null);

/**
 * The same data with the keys of every object inserted in ascending order; what is in order is not
 * copied. (Keys that are array indexes come first whatever is done: always in the same order too.)
 */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isInOrder(value)) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const fields = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields).sort()) copy[name] = sorted(fields[name]);
  return copy;
}

function isInOrder(value: object): boolean {
  if (Array.isArray(value)) return value.every(isFieldInOrder);
  let last = '';
  const fields = value as Readonly<Record<string, unknown>>;
  for (const name in fields) {
    if (name < last || !isFieldInOrder(fields[name])) return false;
    last = name;
  }
  return true;
}

const isFieldInOrder = (field: unknown): boolean =>
  typeof field !== 'object' || field === null || isInOrder(field);

/**
 * A row as one text: cells between tabs, as the text format of `COPY` has them. What is hashed, and
 * what appended rows are sent as. No two rows of one shape have the same text.
 */
export function rowText(row: Row): string {
  let text = cellText(row[0] ?? null);
  for (let at = 1; at < row.length; at += 1) text += `\t${cellText(row[at] ?? null)}`;
  return text;
}

function cellText(cell: Cell): string {
  if (cell === null) return '\\N';
  if (typeof cell !== 'string') return String(cell);
  return SPECIAL.test(cell)
    ? cell.replace(EVERY_SPECIAL, (found) => ESCAPED[found] ?? found)
    : cell;
}

const SPECIAL = /[\\\n\r\t]/;
const EVERY_SPECIAL = /[\\\n\r\t]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
