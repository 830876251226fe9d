import type { StoredRecord, Value } from '@metad/eventsourcing';
import type { z } from 'zod';
import type { SqlRow } from '../query-ports.js';

export type Item = Readonly<Record<string, unknown>>;

/** What is hashed to find the partition; `prefix` says that the whole key is. */
export interface QueryRouting {
  readonly key: string;
  readonly prefix: boolean;
}

/** One record by its key, from memory. */
export interface RecordQuery<P = never, V extends Value = Value> {
  readonly mode: 'record';
  readonly name: string;
  readonly params: z.ZodType<P>;
  readonly kind: string;
  routing(namespace: string, params: P): QueryRouting;
  key(params: P): string;
  /** Makes something else of the record than its body: the shard of a key. Null: not found. */
  answer?(record: StoredRecord<V>, params: P): Item | null;
}

/** Adds a value to the statement and returns its placeholder. */
export type Bind = (value: unknown) => string;

/** The condition of one parameter, in SQL. Values come in through `bind` alone. */
export type Filter = (value: never, bind: Bind) => string;

/** Rows of a view, in pages. */
export interface ListQuery<P = never> {
  readonly mode: 'list';
  readonly name: string;
  readonly params: z.ZodType<P>;
  /** Whose checkpoint tells how fresh the rows are. */
  readonly projection: string | ((params: P) => string);
  /** A view of the schema, or a subquery with an alias. */
  readonly from: string | ((params: P) => string);
  readonly columns: string;
  /** Columns by which pages are ordered; together unique. The first is `namespace`. */
  readonly order: readonly string[];
  /** The highest value of those of them that hold integers, from 0 on; the others hold text. */
  readonly integers?: Readonly<Record<string, number>>;
  /** One for every parameter. */
  readonly filters: { readonly [K in keyof P]-?: Filter };
  /** Parameters that can be a position, which must then be of the present history. */
  readonly moments?: readonly (keyof P & string)[];
  toItem(row: SqlRow, params: P): Item;
}

/** What became of a command. */
export interface OutcomeQuery {
  readonly mode: 'outcome';
  readonly name: string;
  readonly params: z.ZodType<{ readonly commandId: string; readonly key: string }>;
}

/** The one row that answers, from SQL. */
export interface RowQuery<P = never> extends Omit<ListQuery<P>, 'mode'> {
  readonly mode: 'row';
}

/** Events instead of records: another stage answers, which registers with the query's entry. */
export interface EventsQuery {
  readonly mode: 'events';
  readonly name: string;
  readonly params: z.ZodType;
}

export type QueryDefinition = RecordQuery | ListQuery | RowQuery | OutcomeQuery | EventsQuery;

/** Keeps the types of one definition together while forgetting its parameters' type. */
export const recordQuery = <P, V extends Value>(query: Omit<RecordQuery<P, V>, 'mode'>) =>
  ({ mode: 'record', ...query }) as unknown as RecordQuery;
export const listQuery = <P>(query: Omit<ListQuery<P>, 'mode'>) =>
  ({ mode: 'list', ...query }) as unknown as ListQuery;
export const rowQuery = <P>(query: Omit<ListQuery<P>, 'mode'>) =>
  ({ mode: 'row', ...query }) as unknown as RowQuery;
