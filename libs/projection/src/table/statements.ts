import { binaryArray, type ElementType } from '../postgres/binary-array.js';
import type { VersionedTable } from '../processor/projection-version.js';
import type { PartitionedRow } from './row-buffer.js';
import type { Statement } from '../postgres/sql-database.js';
import type { Cell, Column, ColumnType } from './table-shape.js';

/**
 * Set-based statements: `COPY` for rows that are only added; else one array per column, unnested
 * into rows on the server. Names of tables and columns come from shapes in this program, never from
 * input.
 */

/** The type of the array's elements, and how one becomes the column's value. */
const ELEMENT: Readonly<Record<ColumnType, ElementType>> = {
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
  const { columns, keyColumns } = table.shape;
  const rest = columns.slice(keyColumns).map((c) => quoted(c.name));
  const sets = [...rest, 'partition'].map((name) => `${name} = EXCLUDED.${name}`);
  return `INSERT INTO ${quoted(table.name)} (${listed(columns)}, partition)
    SELECT ${columns.map(stored).join(', ')}, n.partition FROM ${unnested(columns)}
    ON CONFLICT (${listed(columns.slice(0, keyColumns))}) DO UPDATE SET ${sets.join(', ')}`;
}

/** Rows are sent as `rowText` has them: that must be how the server reads the column. */
function copyText({ name, shape: { columns } }: VersionedTable): string {
  const strange = columns.find(({ type }) => type === 'timestamp' || type === 'textArray');
  if (strange) throw new TypeError(`no ${strange.type} in an appended table: ${strange.name}`);
  return `COPY ${quoted(name)} (${listed(columns)}, partition) FROM STDIN`;
}

function deleteText(table: VersionedTable): string {
  const keys = table.shape.columns.slice(0, table.shape.keyColumns);
  const equal = keys.map((c) => `t.${quoted(c.name)} = n.${quoted(c.name)}`);
  // The partition is part of the condition: a key that has moved belongs to another one's rows.
  return `DELETE FROM ${quoted(table.name)} t USING ${unnested(keys)}
    WHERE ${equal.join(' AND ')} AND t.partition = n.partition`;
}

function columnArrays(columns: readonly Column[], rows: readonly PartitionedRow[]): Buffer[] {
  const cells = new Array<Cell>(rows.length);
  const arrays = columns.map(({ type }, column) => {
    for (let at = 0; at < rows.length; at += 1) cells[at] = rows[at]?.row[column] ?? null;
    return binaryArray(ELEMENT[type], cells);
  });
  for (let at = 0; at < rows.length; at += 1) cells[at] = rows[at]?.partition ?? null;
  return [...arrays, binaryArray('integer', cells)];
}

interface Texts {
  readonly upsert: string;
  readonly delete: string;
}

/** Statement texts are made once per table. */
const texts = new WeakMap<VersionedTable, Texts>();

function textsOf(table: VersionedTable): Texts {
  let made = texts.get(table);
  if (!made) {
    const isAppended = table.shape.writes === 'append';
    made = { upsert: isAppended ? copyText(table) : upsertText(table), delete: deleteText(table) };
    texts.set(table, made);
  }
  return made;
}

export function upsertStatement(table: VersionedTable, rows: readonly PartitionedRow[]): Statement {
  const values = columnArrays(table.shape.columns, rows);
  return { name: `upsert ${table.name}`, text: textsOf(table).upsert, values };
}

export function deleteStatement(table: VersionedTable, rows: readonly PartitionedRow[]): Statement {
  const keys = table.shape.columns.slice(0, table.shape.keyColumns);
  const values = columnArrays(keys, rows);
  return { name: `delete ${table.name}`, text: textsOf(table).delete, values };
}

/** `lines`: rows as text with their partition, each ended by a line feed. */
export function appendStatement(table: VersionedTable, lines: string): Statement {
  return { text: textsOf(table).upsert, rows: Buffer.from(lines) };
}
