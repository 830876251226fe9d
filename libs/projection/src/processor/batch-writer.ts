import type { Batch, DeadLetter } from './batch.js';
import type { CheckpointMove } from '../checkpoint/checkpoint.js';
import { moveCheckpoints } from '../checkpoint/checkpoint-store.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import { appendStatement, deleteStatement, upsertStatement } from '../table/statements.js';

/** A batch that is full: what it writes no longer changes while the next one gathers. */
export interface SealedBatch {
  readonly batch: Batch;
  readonly moves: readonly CheckpointMove[];
}

export const seal = (batch: Batch): SealedBatch => ({ batch, moves: batch.moves() });

/**
 * Writes a batch in one transaction: checkpoints by compare-and-set, then per table the deletions
 * and the upserts, then dead letters and what else belongs to it. Rejects with `FencedError` when
 * another writer was there.
 */
export async function writeBatch(
  database: SqlDatabase,
  incarnation: string,
  { batch, moves }: SealedBatch,
  also?: (session: SqlSession) => Promise<void>,
): Promise<void> {
  await database.transaction(async (session) => {
    await moveCheckpoints(session, incarnation, moves);
    for (const buffer of batch.tables()) {
      const deletes = buffer.deletes();
      if (deletes.length > 0) await session.run(deleteStatement(buffer.table, deletes));
      const upserts = buffer.upserts();
      if (upserts.length > 0) await session.run(upsertStatement(buffer.table, upserts));
      const lines = buffer.appended();
      if (lines !== '') await session.run(appendStatement(buffer.table, lines));
    }
    for (const letter of batch.deadLetters()) await insertLetter(session, letter);
    await also?.(session);
  });
}

/** True when every checkpoint stands where the batch puts it: its lost commit did happen. */
export async function wasWritten(database: SqlDatabase, { moves }: SealedBatch): Promise<boolean> {
  const { rows } = await database.run<{ readonly reached: string }>({
    text: `SELECT count(*) AS reached FROM projection_checkpoint c
      JOIN unnest($1::text[], $2::integer[], $3::integer[], $4::bigint[], $5::text[])
        AS n(projection, version, partition, index, digest)
      USING (projection, version, partition, index, digest)`,
    values: [
      moves.map((m) => m.cursor.projection),
      moves.map((m) => m.cursor.version),
      moves.map((m) => m.cursor.partition),
      moves.map((m) => m.to.index),
      moves.map((m) => m.to.digest.toString()),
    ],
  });
  return Number(rows[0]?.reached) === moves.length;
}

async function insertLetter(session: SqlSession, letter: DeadLetter): Promise<void> {
  const { projection, version, entry, change, reason } = letter;
  const { partition, index } = entry;
  const about = { ...entry, changes: undefined };
  await session.run({
    name: 'insert dead letter',
    text: `INSERT INTO projection_dead_letter (projection, version, partition, index, kind,
        namespace, record_key, entry, change, reason)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    values: [
      ...[projection, version, partition, index],
      ...[change.kind, change.namespace, change.key],
      ...[JSON.stringify(about), JSON.stringify(change), reason],
    ],
  });
}
