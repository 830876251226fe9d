import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import type { Row, TableShape } from '../table/table-shape.js';

/** Where a handler puts the rows of one change. Nothing reaches the database before the batch. */
export interface RowSink {
  /**
   * The rows that a record had and those that it has now. Rows of the same key are replaced, rows
   * that are only in `before` are deleted. Both must be what the same function made of the record
   * before and after the change: the digest moves by their difference.
   */
  replace(table: TableShape, before: readonly Row[], after: readonly Row[]): void;
  /** Adds a row to a table that is only ever added to. */
  append(table: TableShape, row: Row): void;
}

/**
 * A projection: committed changes in, rows out. Instances are Nest providers declared with
 * `@Projection` over `@EventsHandler`. `handle` must depend on its arguments alone, so that a
 * rebuild gives the same rows; it is called in log order, one change at a time.
 */
export interface ProjectionHandler {
  handle(change: RecordChange, entry: AppliedEntry, rows: RowSink): void;
  /**
   * The rows of a record as it stands, when the projection is a function of the present records
   * alone. It allows a rebuild from a snapshot and verification against the state machine. Absent
   * when rows tell of the past (history).
   */
  rowsOf?(record: StoredRecord): readonly TableRows[];
  /** For rows that tell of the past: what stands for the past of a record found in a snapshot. */
  beginWith?(record: StoredRecord, rows: RowSink): void;
}

export interface TableRows {
  readonly table: TableShape;
  readonly rows: readonly Row[];
}

/** What a handler that fails does to its projection. Never skips silently. */
export type FailurePolicy =
  /** The projection stops before that entry; others go on. */
  | 'halt'
  /** That record's changes, this one and all later ones, wait in order as dead letters. */
  | 'park';

/** A projection as found in the application. */
export interface ProjectionDefinition {
  readonly name: string;
  readonly tables: readonly TableShape[];
  readonly onFailure: FailurePolicy;
  /** Names of the event classes it handles; null means every event. */
  readonly events: ReadonlySet<string> | null;
  /** The same as classes, for the copies that go to the EventBus; empty when it handles all. */
  readonly eventClasses: readonly EventClass[];
  readonly handler: ProjectionHandler;
}

/** An event as `*.events.ts` declares it: its name is the event's type. */
export type EventClass = new (data: never) => object;
