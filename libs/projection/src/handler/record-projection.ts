import type { AppliedEntry, RecordChange, StoredRecord, Value } from '@metad/eventsourcing';
import type { ProjectionHandler, RowSink, TableRows } from './projection-handler.js';
import { RecentMap } from '../table/recent-map.js';
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

interface RecentRows {
  readonly index: number;
  readonly version: number;
  readonly rows: readonly Row[];
}

/** Records whose rows are remembered, in each of two generations. */
const recentMax = 8_192;

/**
 * A projection whose rows are a function of one record as it stands. A kind says which columns and
 * which cells; changes, deletions, snapshots and verification all follow from that.
 */
export abstract class RecordProjection<V extends Value> implements ProjectionHandler {
  protected abstract readonly kind: string;
  protected abstract readonly table: TableShape;
  /** Of records as changes left them: the next change needs them as what was before it. */
  private readonly recent = new RecentMap<string, RecentRows>(recentMax);

  /** Pure: the same record gives the same rows on every node and in every rebuild. */
  protected abstract rows(record: StoredRecord<V>): readonly Row[];

  handle(
    { kind, namespace, key, before, after }: RecordChange,
    _entry: AppliedEntry,
    rows: RowSink,
  ): void {
    if (kind !== this.kind) return;
    const name = `${namespace}/${key}`;
    const old = before ? (this.rowsBefore(name, before) ?? this.rowsFor(before)) : NO_ROWS;
    const made = after ? this.rowsFor(after) : NO_ROWS;
    if (after) this.recent.set(name, { index: after.index, version: after.version, rows: made });
    rows.replace(this.table, old, made);
  }

  rowsOf(record: StoredRecord): readonly TableRows[] {
    if (record.kind !== this.kind) return [];
    return [{ table: this.table, rows: this.rowsFor(record) }];
  }

  /** A record lies in one partition: there, index and version tell its states from one another. */
  private rowsBefore(name: string, { index, version }: StoredRecord): readonly Row[] | null {
    const known = this.recent.take(name);
    return known?.index === index && known.version === version ? known.rows : null;
  }

  private rowsFor(record: StoredRecord): readonly Row[] {
    // The kind was compared: its records have its values.
    return this.rows(record as StoredRecord<V>);
  }
}
