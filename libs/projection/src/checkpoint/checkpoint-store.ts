import { logIndex, logTime, partitionId, term } from '@metad/foundation';
import { FencedError, Cursor, type CheckpointMove } from './checkpoint.js';
import type { Fault, ProjectionVersion } from '../processor/projection-version.js';
import { RowDigest } from '../table/row-digest.js';
import type { SqlSession } from '../postgres/sql-database.js';

const MOVE = `UPDATE projection_checkpoint c
  SET index = n.index, term = n.term, log_time = n.log_time, digest = n.digest,
      row_count = n.row_count, updated_at = clock_timestamp()
  FROM unnest($2::text[], $3::integer[], $4::integer[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::bigint[], $10::text[], $11::bigint[])
    AS n(projection, version, partition, from_index, from_term, index, term, log_time, digest,
         row_count)
  WHERE c.projection = n.projection AND c.version = n.version AND c.partition = n.partition
    AND c.index = n.from_index AND c.term = n.from_term AND c.incarnation = $1`;

/**
 * Moves all checkpoints of a batch by compare-and-set on (index, term, incarnation). Comes first in
 * the transaction: of two writers one waits here for the other, finds the rows moved, and throws
 * `FencedError` before it has written anything.
 */
export async function moveCheckpoints(
  session: SqlSession,
  incarnation: string,
  moves: readonly CheckpointMove[],
): Promise<void> {
  const values = [
    incarnation,
    moves.map((m) => m.cursor.projection),
    moves.map((m) => m.cursor.version),
    moves.map((m) => m.cursor.partition),
    moves.map((m) => m.from.index),
    moves.map((m) => m.from.term),
    moves.map((m) => m.to.index),
    moves.map((m) => m.to.term),
    moves.map((m) => m.to.time),
    moves.map((m) => m.to.digest.toString()),
    moves.map((m) => m.to.digest.rows),
  ];
  const { count } = await session.run({ name: 'move checkpoints', text: MOVE, values });
  if (count !== moves.length) throw new FencedError(count, moves.length);
}

interface CheckpointRow {
  readonly partition: number;
  readonly index: string;
  readonly term: string;
  readonly log_time: string;
  readonly digest: string;
  readonly row_count: string;
  readonly incarnation: string;
}

/**
 * Sets the cursors of a version to what the database holds, one for every given partition; those
 * that have no row yet begin at 0. Returns the incarnations found, to be compared with the log's.
 */
export async function loadCursors(
  session: SqlSession,
  version: ProjectionVersion,
  partitions: readonly number[],
  incarnation: string,
): Promise<ReadonlySet<string>> {
  const name = version.name;
  const wanted = partitions.length > 0;
  if (wanted)
    await session.run({
      text: `INSERT INTO projection_checkpoint (projection, version, partition, incarnation, digest)
      SELECT $1, $2, p, $4, $5 FROM unnest($3::integer[]) p ON CONFLICT DO NOTHING`,
      values: [name, version.version, partitions, incarnation, new RowDigest().toString()],
    });
  const { rows } = await session.run<CheckpointRow>({
    text: `SELECT partition, index, term, log_time, digest, row_count, incarnation
      FROM projection_checkpoint WHERE projection = $1 AND version = $2 ORDER BY partition`,
    values: [name, version.version],
  });
  version.cursors.clear();
  for (const row of rows) {
    const digest = digestOf(row);
    if (!digest) version.fault ??= OUTDATED;
    const cursor = cursorOf(name, version.version, row, digest ?? new RowDigest());
    version.cursors.set(cursor.partition, cursor);
  }
  return new Set(rows.map((row) => row.incarnation));
}

const OUTDATED: Fault = {
  kind: 'outdated',
  reason: 'its digests were kept by another version of this program: it is to be built anew',
};

/** Null for a digest by another rule; a checkpoint at the beginning has none yet. */
function digestOf({ digest, index, row_count: rows }: CheckpointRow): RowDigest | null {
  if (Number(index) === 0 && Number(rows) === 0) return new RowDigest();
  return RowDigest.parse(digest, Number(rows));
}

const cursorOf = (
  projection: string,
  version: number,
  row: CheckpointRow,
  digest: RowDigest,
): Cursor =>
  new Cursor(
    { projection, version, partition: partitionId(row.partition) },
    {
      index: logIndex(Number(row.index)),
      term: term(Number(row.term)),
      time: logTime(Number(row.log_time)),
      digest,
    },
  );
