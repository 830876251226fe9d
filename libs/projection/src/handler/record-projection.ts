import type { AppliedEntry, RecordChange, StoredRecord, Value } from '@metad/eventsourcing';
import type { ProjectionHandler, RowSink, TableRows } from './projection-handler.js';
import type { Cell, Column, Row, TableShape } from '../table/table-shape.js';

/** The columns that every record has, last in the tables that show whole records. */
export const RECORD_COLUMNS: readonly Column[] = [
  { name: 'version', type: 'bigint' },
  { name: 'fence', type: 'bigint' },
  { name: 'created_at', type: 'timestamp' },
  { name: 'updated_at', type: 'timestamp' },
  { name: 'index', type: 'bigint' },
];

/** The cells of `RECORD_COLUMNS`. */
export const recordCells = (record: StoredRecord): readonly Cell[] => [
  record.version,
  record.fence,
  record.createdAt,
  record.updatedAt,
  record.index,
];

const NO_ROWS: readonly Row[] = [];

/**
 * A projection whose rows are a function of one record as it stands. A kind says which columns and
 * which cells; changes, deletions, snapshots and verification all follow from that.
 */
export abstract class RecordProjection<V extends Value> implements ProjectionHandler {
  protected abstract readonly kind: string;
  protected abstract readonly table: TableShape;

  /** Pure: the same record gives the same rows on every node and in every rebuild. */
  protected abstract rows(record: StoredRecord<V>): readonly Row[];

  handle({ kind, before, after }: RecordChange, _entry: AppliedEntry, rows: RowSink): void {
    if (kind !== this.kind) return;
    rows.replace(this.table, this.rowsFor(before), this.rowsFor(after));
  }

  rowsOf(record: StoredRecord): readonly TableRows[] {
    if (record.kind !== this.kind) return [];
    return [{ table: this.table, rows: this.rowsFor(record) }];
  }

  private rowsFor(record: StoredRecord | null): readonly Row[] {
    // The kind was compared: its records have its values.
    return record ? this.rows(record as StoredRecord<V>) : NO_ROWS;
  }
}
