import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  type ProjectionHandler,
  type RowSink,
  type TableShape,
} from '@metad/projection';

export const HISTORY_TABLE: TableShape = {
  name: 'history',
  keyColumns: 5,
  writes: 'append',
  columns: [
    { name: 'kind', type: 'text' },
    { name: 'namespace', type: 'text' },
    { name: 'record_key', type: 'text' },
    { name: 'valid_from_index', type: 'bigint' },
    { name: 'step', type: 'integer' },
    { name: 'valid_from', type: 'timestamp' },
    { name: 'type', type: 'text' },
    { name: 'version', type: 'bigint' },
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
    WINDOW record AS (PARTITION BY kind, namespace, record_key
                      ORDER BY valid_from, valid_from_index, step)`,
};

/** Every change of every record, with its cause. Tells of the past: only the archive rebuilds it. */
@Projection({ name: 'history', tables: [HISTORY_TABLE], everyEvent: true })
export class HistoryProjection implements ProjectionHandler {
  handle(change: RecordChange, entry: AppliedEntry, rows: RowSink): void {
    const { kind, namespace, key, type, data, after } = change;
    rows.append(HISTORY_TABLE, [
      ...[kind, namespace, key, entry.index, entry.changes.indexOf(change), entry.time, type],
      ...[after?.version ?? null, canonicalJson(data), after ? canonicalJson(after.value) : null],
      ...[entry.command, entry.commandId, entry.actor, entry.reason],
    ]);
  }
}
