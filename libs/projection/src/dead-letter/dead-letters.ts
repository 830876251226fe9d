import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import { partitionId } from '@metad/foundation';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import { Batch } from '../processor/batch.js';
import { seal, writeBatch } from '../processor/batch-writer.js';
import type { OrderedProcessor } from '../processor/processor.js';
import { recordKey, type ProjectionVersion } from '../processor/projection-version.js';

export type LetterState = 'waiting' | 'retried' | 'skipped';

/** A change that its projection's handler refused, or that waits behind such a one. */
export interface StoredLetter {
  readonly id: number;
  readonly projection: string;
  readonly version: number;
  readonly partition: number;
  readonly index: number;
  readonly kind: string;
  readonly namespace: string;
  readonly recordKey: string;
  readonly entry: Omit<AppliedEntry, 'changes'>;
  readonly change: RecordChange;
  readonly reason: string;
  readonly state: LetterState;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly createdAt: string;
}

export interface DeadLetterPorts {
  readonly database: SqlDatabase;
  readonly processor: OrderedProcessor;
  readonly incarnation: string;
}

const COLUMNS = `id::integer AS id, projection, version, partition, index::float8 AS index, kind,
  namespace, record_key AS "recordKey", entry, change, reason, state, decided_by AS "decidedBy",
  decided_at::text AS "decidedAt", created_at::text AS "createdAt"`;

/**
 * The changes that wait for an operator. A record with a waiting letter is parked: its later
 * changes become letters too, so that their order is kept, until all have been retried or skipped.
 */
export class DeadLetters {
  constructor(private readonly ports: DeadLetterPorts) {}

  /** Oldest first. */
  async list(limit: number, state: LetterState = 'waiting'): Promise<readonly StoredLetter[]> {
    const { rows } = await this.ports.database.run<StoredLetter>({
      text: `SELECT ${COLUMNS} FROM projection_dead_letter WHERE state = $1 ORDER BY id LIMIT $2`,
      values: [state, limit],
    });
    return rows;
  }

  async show(id: number): Promise<StoredLetter | null> {
    const { rows } = await this.ports.database.run<StoredLetter>({
      text: `SELECT ${COLUMNS} FROM projection_dead_letter WHERE id = $1`,
      values: [id],
    });
    return rows[0] ?? null;
  }

  /**
   * Hands all waiting changes of that letter's record to the handler again, in order, and writes
   * what they make in one transaction. Rejects with what the handler throws; then nothing changed.
   * Resolves with how many there were.
   */
  retry(letter: StoredLetter, actor: string): Promise<number> {
    return this.ports.processor.exclusive(async () => {
      const version = this.versionOf(letter);
      const letters = await this.waitingLike(letter);
      await this.settle(version, letters, 'retried', actor);
      version.parked.delete(recordKey(letter.change));
      return letters.length;
    });
  }

  /**
   * Gives one change up: the record's rows stay as they are until its next change, and verification
   * names it until then. The kept digest moves on, as it tells what the log says. Only the oldest
   * waiting letter of a record can be skipped. False when `letter` is not that one.
   */
  skip(letter: StoredLetter, actor: string): Promise<boolean> {
    return this.ports.processor.exclusive(async () => {
      const version = this.versionOf(letter);
      const waiting = await this.waitingLike(letter);
      if (waiting[0]?.id !== letter.id) return false;
      await this.settle(version, [letter], 'skipped', actor);
      if (waiting.length === 1) version.parked.delete(recordKey(letter.change));
      return true;
    });
  }

  private async settle(
    version: ProjectionVersion,
    letters: readonly StoredLetter[],
    state: 'retried' | 'skipped',
    actor: string,
  ): Promise<void> {
    const batch = new Batch();
    for (const { partition, change, entry } of letters) {
      const cursor = version.cursors.get(partitionId(partition));
      if (!cursor) throw new Error(`partition ${partition} is not on this node`);
      // The whole entry is not kept: a handler that asks for other changes of it sees this one.
      batch.fold(version, cursor, change, { ...entry, changes: [change] });
    }
    if (state === 'skipped') batch.forgetRows();
    const ids = letters.map((letter) => letter.id);
    const { database, incarnation } = this.ports;
    await writeBatch(database, incarnation, seal(batch), (session) =>
      decide(session, ids, state, actor),
    );
  }

  private async waitingLike(letter: StoredLetter): Promise<readonly StoredLetter[]> {
    const { projection, version, kind, namespace, recordKey: key } = letter;
    const { rows } = await this.ports.database.run<StoredLetter>({
      text: `SELECT ${COLUMNS} FROM projection_dead_letter
        WHERE state = 'waiting' AND projection = $1 AND version = $2 AND kind = $3
          AND namespace = $4 AND record_key = $5 ORDER BY id`,
      values: [projection, version, kind, namespace, key],
    });
    return rows;
  }

  private versionOf({ projection, version }: StoredLetter): ProjectionVersion {
    const { versions } = this.ports.processor;
    const found = versions.find((v) => v.name === projection && v.version === version);
    if (found) return found;
    throw new Error(`version ${version} of ${projection} is not in use: its letters are history`);
  }
}

async function decide(
  session: SqlSession,
  ids: readonly number[],
  state: 'retried' | 'skipped',
  actor: string,
): Promise<void> {
  await session.run({
    text: `UPDATE projection_dead_letter
      SET state = $2, decided_by = $3, decided_at = clock_timestamp() WHERE id = ANY($1)`,
    values: [ids, state, actor],
  });
}
