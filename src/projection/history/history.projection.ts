import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  type ProjectionHandler,
  type Row,
  type RowSink,
  type TableShape,
} from '@metad/projection';
import { isEqualData } from './equal-data.js';
import { KINDS } from '../../kinds/index.js';

/**
 * Times are kept as milliseconds, and shown as times; an event that says just what the record is
 * afterwards is kept once. Migrations have a copy of this.
 */
function historyView(table: string): string {
  return `SELECT h.kind, h.namespace, h.record_id, h.record_key, h.valid_from_index, h.step,
      to_timestamp(h.valid_from / 1000.0) AS valid_from, h.type, h.version, h.fence,
      to_timestamp(h.created_at / 1000.0) AS created_at,
      coalesce(h.data, h.record) AS data, h.record, h.command, h.command_id, h.actor,
      h.reason, h.partition,
      lead(h.valid_from_index) OVER record AS valid_to_index,
      to_timestamp(lead(h.valid_from) OVER record / 1000.0) AS valid_to
    FROM ${table} h
    WINDOW record AS (PARTITION BY h.kind, h.namespace, h.record_id, h.record_key
                      ORDER BY h.valid_from, h.valid_from_index, h.step)`;
}

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
    { name: 'valid_from', type: 'bigint' },
    { name: 'type', type: 'text' },
    { name: 'version', type: 'bigint' },
    { name: 'fence', type: 'bigint' },
    { name: 'created_at', type: 'bigint' },
    { name: 'data', type: 'json' },
    { name: 'record', type: 'json' },
    { name: 'command', type: 'text' },
    { name: 'command_id', type: 'text' },
    { name: 'actor', type: 'text' },
    { name: 'reason', type: 'text' },
  ],
  viewOf: historyView,
};

/**
 * Every change of every record, with its cause. Tells of the past: only the archive rebuilds it.
 */
@Projection({ name: 'history', tables: [HISTORY_TABLE], everyEvent: true })
export class HistoryProjection implements ProjectionHandler {
  handle(change: RecordChange, entry: AppliedEntry, rows: RowSink): void {
    const step = entry.changes.indexOf(change);
    rows.append(HISTORY_TABLE, rowOf(change, entry.index, step, entry.time, entry));
  }

  /** A history that begins with a snapshot says so, and what the record was then. */
  beginWith(record: StoredRecord, rows: RowSink): void {
    const { index, updatedAt } = record;
    const begun = { ...record, type: 'HistoryBegins', data: {}, before: null, after: record };
    rows.append(HISTORY_TABLE, rowOf(begun, index, 0, updatedAt, NO_CAUSE));
  }
}

type Cause = Pick<AppliedEntry, 'command' | 'commandId' | 'actor' | 'reason'>;

const NO_CAUSE: Cause = { command: null, commandId: null, actor: null, reason: null };

function rowOf(
  { kind, namespace, key, type, data, after }: RecordChange,
  index: number,
  step: number,
  time: number,
  cause: Cause,
): Row {
  return [
    kind,
    namespace,
    KINDS.kind(kind)?.idOf(key) ?? key,
    key,
    index,
    step,
    time,
    type,
    after ? after.version : null,
    after ? after.fence : null,
    after ? after.createdAt : null,
    after && isEqualData(data, after.value) ? null : canonicalJson(data),
    after ? canonicalJson(after.value) : null,
    cause.command,
    cause.commandId,
    cause.actor,
    cause.reason,
  ];
}
