import { partitionId, type PartitionId } from '@metad/foundation';
import type { SqlSession } from '../postgres/sql-database.js';
import type { VersionedTable } from '../processor/projection-version.js';
import type { Slices } from '../processor/slices.js';
import { RowDigest } from '../table/row-digest.js';
import { quoted, readBack } from '../table/statements.js';
import { canonicalJson, type Cell, type Column, type Row } from '../table/table-shape.js';

const FETCH_ROWS = 2_000;

export interface ScannedRow {
  readonly partition: PartitionId;
  readonly row: Row;
}

/**
 * Reads a table back as the rows that were written, a few thousand at a time. Within a frozen
 * transaction they belong to the checkpoints read there. `partition` null means all.
 */
export async function* scanRows(
  session: SqlSession,
  table: VersionedTable,
  partition: PartitionId | null,
): AsyncIterable<readonly ScannedRow[]> {
  const columns = table.shape.columns;
  const where = partition === null ? '' : `WHERE partition = ${Number(partition)}`;
  const cursor = quoted(`scan ${table.name}`);
  await session.run({
    text: `DECLARE ${cursor} NO SCROLL CURSOR FOR
      SELECT ${columns.map(readBack).join(', ')}, partition AS "metad partition"
      FROM ${quoted(table.name)} ${where}`,
  });
  for (;;) {
    const { rows } = await session.run({ text: `FETCH ${FETCH_ROWS} FROM ${cursor}` });
    if (rows.length === 0) break;
    yield rows.map((found) => ({
      partition: partitionId(Number(found['metad partition'])),
      row: columns.map((column) => cellOf(column, found[column.name])),
    }));
  }
  await session.run({ text: `CLOSE ${cursor}` });
}

/** The cell that was written, from what the database gives back. */
function cellOf(column: Column, found: unknown): Cell {
  if (found === null || found === undefined) return null;
  switch (column.type) {
    case 'bigint':
    case 'timestamp':
      return Number(found);
    case 'json':
    case 'textArray':
      return canonicalJson(JSON.parse(found as string));
    case 'text':
    case 'integer':
    case 'boolean':
      return found as Cell;
  }
}

/** Digests per partition of the rows that are really there. */
export async function digestRows(
  session: SqlSession,
  tables: readonly VersionedTable[],
  slices: Slices,
): Promise<ReadonlyMap<PartitionId, RowDigest>> {
  const digests = new Map<PartitionId, RowDigest>();
  for (const table of tables) {
    for await (const rows of scanRows(session, table, null)) {
      for (const { partition, row } of rows) {
        let digest = digests.get(partition);
        if (!digest) digests.set(partition, (digest = new RowDigest()));
        digest.add(table.seed, row);
        if (slices.isOver) await slices.next();
      }
    }
  }
  return digests;
}
