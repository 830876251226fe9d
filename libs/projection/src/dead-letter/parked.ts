import type { SqlSession } from '../postgres/sql-database.js';
import { recordKey, type ProjectionVersion } from '../processor/projection-version.js';

interface ParkedRow {
  readonly kind: string;
  readonly namespace: string;
  readonly record_key: string;
  readonly reason: string;
}

/** Parks the records that have waiting letters: their next changes must queue behind. */
export async function loadParked(session: SqlSession, version: ProjectionVersion): Promise<void> {
  const { rows } = await session.run<ParkedRow>({
    text: `SELECT DISTINCT ON (kind, namespace, record_key) kind, namespace, record_key, reason
      FROM projection_dead_letter WHERE state = 'waiting' AND projection = $1 AND version = $2
      ORDER BY kind, namespace, record_key, id`,
    values: [version.name, version.version],
  });
  for (const { kind, namespace, record_key: key, reason } of rows) {
    version.parked.set(recordKey({ kind, namespace, key }), reason);
  }
}
