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

/** Cells in the order of the shape's columns. */
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
  /** `upsert`: the last write of a key wins. `append`: rows are only ever added. */
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
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  const names = Object.keys(fields).filter((name) => fields[name] !== undefined);
  if (names.length === 0) return '{}';
  names.sort();
  return `{${names.map((n) => `${JSON.stringify(n)}:${canonicalJson(fields[n])}`).join(',')}}`;
}
