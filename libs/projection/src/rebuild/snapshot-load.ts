import type { Cursor } from '../checkpoint/checkpoint.js';
import type { SqlDatabase } from '../postgres/sql-database.js';
import { Batch } from '../processor/batch.js';
import type { ProjectionVersion } from '../processor/projection-version.js';
import { RowDigest } from '../table/row-digest.js';
import { quoted } from '../table/statements.js';
import type { RecordsAt } from './verification.js';

export interface SnapshotLoadPorts {
  readonly changesMax: number;
  write(batch: Batch): Promise<void>;
  turn(): Promise<void>;
}

/**
 * Fills one partition of a version from a state instead of from its history. The checkpoint stays
 * at 0 until the last row is in: a load that was cut short begins again, from nothing.
 */
export async function loadSnapshot(
  database: SqlDatabase,
  version: ProjectionVersion,
  cursor: Cursor,
  state: RecordsAt,
  ports: SnapshotLoadPorts,
): Promise<void> {
  await clear(database, version, cursor);
  let batch = new Batch();
  for (const record of state.records) {
    batch.load(version, cursor, record);
    if (batch.changes < ports.changesMax) continue;
    await ports.turn();
    await ports.write(batch);
    batch = new Batch();
  }
  batch.touch(cursor);
  cursor.index = state.index;
  cursor.term = state.term;
  cursor.time = state.time;
  await ports.write(batch);
}

async function clear(
  database: SqlDatabase,
  version: ProjectionVersion,
  cursor: Cursor,
): Promise<void> {
  await database.transaction(async (session) => {
    for (const { name } of version.tables) {
      const text = `DELETE FROM ${quoted(name)} WHERE partition = $1`;
      await session.run({ text, values: [cursor.partition] });
    }
    const empty = new RowDigest();
    await session.run({
      text: `UPDATE projection_checkpoint SET digest = $4, row_count = 0
        WHERE projection = $1 AND version = $2 AND partition = $3 AND index = 0`,
      values: [version.name, version.version, cursor.partition, empty.toString()],
    });
    cursor.digest.high = cursor.digest.low = cursor.digest.rows = 0;
  });
}
