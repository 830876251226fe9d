import { ALL_NAMESPACES, LIMITS } from '@metad/contract';
import type { Bind, Item, ListQuery } from '../definition/query-definition.js';
import { decodeCursor, encodeCursor, queryHash } from './page-cursor.js';
import type { ReadModel, SqlRow } from '../query-ports.js';

export interface PageRequest {
  readonly namespace: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly limit: number;
  readonly cursor: string | undefined;
}

export interface Page {
  readonly items: readonly Item[];
  /** Absent on the last page. */
  readonly cursor?: string;
}

/** Rows asked for at once: a page may end earlier by its size in bytes. */
const chunkRows = 250;

/**
 * Reads one page by keyset: rows after the cursor's key in the order's index, never an offset. A
 * page ends at `limit` items or at 512 KiB, whichever comes first, and holds at least one item.
 */
export async function readPage(
  model: ReadModel,
  query: ListQuery,
  request: PageRequest,
): Promise<Page> {
  const hash = queryHash(query.name, request.namespace, request.params);
  const { cursor } = request;
  const types = query.order.map((column) => query.integers?.[column] ?? 'text');
  let after = cursor === undefined ? null : decodeCursor(cursor, hash, types);
  const items: Item[] = [];
  let bytes = 0;
  for (;;) {
    const wanted = Math.min(chunkRows, request.limit + 1 - items.length);
    const { text, values } = pageStatement(query, request, after, wanted);
    const rows = await model.select(projectionOf(query, request.params), text, values);
    for (const row of rows) {
      const item = query.toItem(row, request.params as never);
      bytes += Buffer.byteLength(JSON.stringify(item)) + 1;
      const isFull = items.length === request.limit || bytes > LIMITS.pageBytesMax;
      if (isFull && items.length > 0) return { items, cursor: encodeCursor(hash, after ?? []) };
      items.push(item);
      after = keysOf(query, row);
    }
    if (rows.length < wanted) return { items };
  }
}

/** The statement of one chunk. Names come from the definition, values are all bound. */
export function pageStatement(
  query: Omit<ListQuery, 'mode'>,
  { namespace, params }: Pick<PageRequest, 'namespace' | 'params'>,
  after: readonly (string | number)[] | null,
  rows: number,
): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const conditions: string[] = [];
  if (namespace !== ALL_NAMESPACES) conditions.push(`namespace = ${bind(namespace)}`);
  const filters: Readonly<Record<string, (value: never, bind: Bind) => string>> = query.filters;
  for (const [name, value] of Object.entries(params)) {
    const condition = value === undefined ? '' : filters[name]?.(value as never, bind);
    if (condition) conditions.push(condition);
  }
  const order = query.order.join(', ');
  if (after) conditions.push(`(${order}) > (${after.map(bind).join(', ')})`);
  const from = typeof query.from === 'string' ? query.from : query.from(params as never);
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const text = `SELECT ${query.columns} FROM ${from} ${where} ORDER BY ${order} LIMIT ${rows}`;
  return { text, values };
}

/** Whose tables are read. */
export const projectionOf = (
  { projection }: Pick<ListQuery, 'projection'>,
  params: PageRequest['params'],
): string => (typeof projection === 'string' ? projection : projection(params as never));

const keysOf = (query: ListQuery, row: SqlRow): (string | number)[] =>
  query.order.map((column) => {
    const value = row[column];
    return typeof value === 'number' ? value : String(value);
  });
