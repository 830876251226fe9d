import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  type ProjectionHandler,
  type Row,
  type RowSink,
  type TableShape,
} from '@metad/projection';
import { KINDS } from '../../kinds/index.js';

export const HISTORY_TABLE: TableShape = {
  name: 'history',
  keyColumns: 6,
  writes: 'append',
  columns: [
    { name: 'kind', type: 'text' },
    { name: 'namespace', type: 'text' },
    { name: 'record_id', type: 'text' },
    { name: 'record_key', type: 'text' },
    { name: 'valid_from_index', type: 'bigint' },
    { name: 'step', type: 'integer' },
    { name: 'valid_from', type: 'timestamp' },
    { name: 'type', type: 'text' },
    { name: 'version', type: 'bigint' },
    { name: 'fence', type: 'bigint' },
    { name: 'created_at', type: 'timestamp' },
    { name: 'data', type: 'json' },
    { name: 'record', type: 'json' },
    { name: 'command', type: 'text' },
    { name: 'command_id', type: 'text' },
    { name: 'actor', type: 'text' },
    { name: 'reason', type: 'text' },
  ],
  viewOf: (table) => `SELECT h.*,
      lead(valid_from_index) OVER record AS valid_to_index,
      lead(valid_from) OVER record AS valid_to
    FROM ${table} h
    WINDOW record AS (PARTITION BY kind, namespace, record_id, record_key
                      ORDER BY valid_from, valid_from_index, step)`,
};

/**
 * Every change of every record, with its cause. Tells of the past: only the archive rebuilds it.
 */
@Projection({ name: 'history', tables: [HISTORY_TABLE], everyEvent: true })
export class HistoryProjection implements ProjectionHandler {
  handle(change: RecordChange, entry: AppliedEntry, rows: RowSink): void {
    const step = entry.changes.indexOf(change);
    const { command, commandId, actor, reason } = entry;
    const cause = [command, commandId, actor, reason];
    rows.append(HISTORY_TABLE, rowOf(change, entry.index, step, entry.time, cause));
  }

  /** A history that begins with a snapshot says so, and what the record was then. */
  beginWith(record: StoredRecord, rows: RowSink): void {
    const { index, updatedAt } = record;
    const begun = { ...record, type: 'HistoryBegins', data: {}, before: null, after: record };
    rows.append(HISTORY_TABLE, rowOf(begun, index, 0, updatedAt, [null, null, null, null]));
  }
}

function rowOf(
  { kind, namespace, key, type, data, after }: RecordChange,
  index: number,
  step: number,
  time: number,
  cause: readonly (string | null)[],
): Row {
  const id = KINDS.kind(kind)?.idOf(key) ?? key;
  return [
    ...[kind, namespace, id, key, index, step, time, type],
    ...[after?.version ?? null, after?.fence ?? null, after?.createdAt ?? null],
    ...[canonicalJson(data), after ? canonicalJson(after.value) : null],
    ...cause,
  ];
}
