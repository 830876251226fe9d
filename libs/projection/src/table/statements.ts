import type { VersionedTable } from '../processor/projection-version.js';
import type { PartitionedRow } from './row-buffer.js';
import type { Statement } from '../postgres/sql-database.js';
import type { Cell, Column, ColumnType, TableShape } from './table-shape.js';

/**
 * Set-based statements: one array per column, unnested into rows on the server. Names of tables and
 * columns come from shapes in this program, never from input.
 */

/** The type of the array's elements, and how one becomes the column's value. */
const ELEMENT: Readonly<Record<ColumnType, string>> = {
  text: 'text',
  integer: 'integer',
  bigint: 'bigint',
  boolean: 'boolean',
  timestamp: 'bigint',
  json: 'text',
  textArray: 'text',
};

function stored(column: Column): string {
  const cell = `n.${quoted(column.name)}`;
  switch (column.type) {
    case 'timestamp':
      return `to_timestamp(${cell} / 1000.0)`;
    case 'json':
      return `${cell}::jsonb`;
    case 'textArray':
      return `ARRAY(SELECT jsonb_array_elements_text(${cell}::jsonb))`;
    case 'text':
    case 'integer':
    case 'bigint':
    case 'boolean':
      return cell;
  }
}

/** A column as verification reads it back: the cell that was written, or its text. */
export function readBack(column: Column): string {
  const name = quoted(column.name);
  switch (column.type) {
    case 'timestamp':
      return `round(extract(epoch FROM ${name}) * 1000)::text AS ${name}`;
    case 'textArray':
      return `to_json(${name})::text AS ${name}`;
    case 'json':
    case 'bigint':
      return `${name}::text AS ${name}`;
    case 'text':
    case 'integer':
    case 'boolean':
      return name;
  }
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const listed = (columns: readonly Column[]): string =>
  columns.map((c) => quoted(c.name)).join(', ');

const unnested = (columns: readonly Column[]): string => {
  const arrays = columns.map((column, at) => `$${at + 1}::${ELEMENT[column.type]}[]`);
  return `unnest(${arrays.join(', ')}, $${columns.length + 1}::integer[])
    AS n(${listed(columns)}, partition)`;
};

function upsertText(table: VersionedTable): string {
  const { columns, keyColumns, writes } = table.shape;
  const insert = `INSERT INTO ${quoted(table.name)} (${listed(columns)}, partition)
    SELECT ${columns.map(stored).join(', ')}, n.partition FROM ${unnested(columns)}`;
  if (writes === 'append') return insert;
  const rest = columns.slice(keyColumns).map((c) => quoted(c.name));
  const sets = [...rest, 'partition'].map((name) => `${name} = EXCLUDED.${name}`);
  return `${insert}
    ON CONFLICT (${listed(columns.slice(0, keyColumns))}) DO UPDATE SET ${sets.join(', ')}`;
}

function deleteText(table: VersionedTable): string {
  const keys = table.shape.columns.slice(0, table.shape.keyColumns);
  const equal = keys.map((c) => `t.${quoted(c.name)} = n.${quoted(c.name)}`);
  // The partition is part of the condition: a key that has moved belongs to another one's rows.
  return `DELETE FROM ${quoted(table.name)} t USING ${unnested(keys)}
    WHERE ${equal.join(' AND ')} AND t.partition = n.partition`;
}

const columnArrays = (shape: TableShape, width: number, rows: readonly PartitionedRow[]) => {
  const arrays: Cell[][] = shape.columns.slice(0, width).map(() => new Array<Cell>(rows.length));
  const partitions = new Array<number>(rows.length);
  rows.forEach(({ row, partition }, at) => {
    for (let column = 0; column < width; column += 1) arrays[column]![at] = row[column] ?? null;
    partitions[at] = partition;
  });
  return [...arrays, partitions];
};

/** Statement texts are made once per table. */
const texts = new WeakMap<VersionedTable, { readonly upsert: string; readonly delete: string }>();

function textsOf(table: VersionedTable) {
  let made = texts.get(table);
  if (!made) {
    made = { upsert: upsertText(table), delete: deleteText(table) };
    texts.set(table, made);
  }
  return made;
}

export function upsertStatement(table: VersionedTable, rows: readonly PartitionedRow[]): Statement {
  const { columns } = table.shape;
  return {
    name: `upsert ${table.name}`,
    text: textsOf(table).upsert,
    values: columnArrays(table.shape, columns.length, rows),
  };
}

export function deleteStatement(table: VersionedTable, rows: readonly PartitionedRow[]): Statement {
  return {
    name: `delete ${table.name}`,
    text: textsOf(table).delete,
    values: columnArrays(table.shape, table.shape.keyColumns, rows),
  };
}
