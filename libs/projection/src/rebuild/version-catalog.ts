import type { ProjectionDefinition } from '../handler/projection-handler.js';
import type { SqlDatabase, SqlSession } from '../postgres/sql-database.js';
import type { ProjectionVersion } from '../processor/projection-version.js';
import { quoted } from '../table/statements.js';
import { tableName } from '../table/table-shape.js';

export type VersionState = 'building' | 'live' | 'previous';

/** A version of a projection as the schema knows it. */
export interface CataloguedVersion {
  readonly projection: string;
  readonly version: number;
  readonly state: VersionState;
  readonly source: string;
}

/** All versions, newest last. */
export async function cataloguedVersions(
  session: SqlSession,
): Promise<readonly CataloguedVersion[]> {
  const { rows } = await session.run<CataloguedVersion>({
    text: `SELECT projection, version, state, source FROM projection_version
      ORDER BY projection, version`,
  });
  return rows;
}

/**
 * Adds a version with empty tables like those of `model`, the version in use: columns, defaults,
 * indexes and comments come from there, so that a migration needs to change one table only.
 */
export async function createVersion(
  session: SqlSession,
  definition: ProjectionDefinition,
  model: number,
  source: string,
): Promise<number> {
  const { rows } = await session.run<{ readonly next: number }>({
    text: `INSERT INTO projection_version (projection, version, state, source)
      SELECT $1, max(version) + 1, 'building', $2 FROM projection_version WHERE projection = $1
      RETURNING version AS next`,
    values: [definition.name, source],
  });
  const version = rows[0]?.next;
  if (version === undefined) throw new Error(`projection ${definition.name} has no version yet`);
  for (const shape of definition.tables) {
    const [made, like] = [tableName(shape, version), tableName(shape, model)];
    await session.run({
      text: `CREATE TABLE ${quoted(made)} (LIKE ${quoted(like)} INCLUDING ALL)`,
    });
    await copyOptions(session, like, made);
  }
  return version;
}

/** `LIKE` leaves out what was set with `WITH (…)`: how full pages are, when they are cleaned. */
async function copyOptions(session: SqlSession, like: string, made: string): Promise<void> {
  const { rows } = await session.run<{ readonly options: string | null }>({
    text: `SELECT array_to_string(reloptions, ', ') AS options FROM pg_class
      WHERE oid = to_regclass($1)`,
    values: [quoted(like)],
  });
  const options = rows[0]?.options ?? '';
  if (options !== '') await session.run({ text: `ALTER TABLE ${quoted(made)} SET (${options})` });
}

/**
 * Removes a version that is not in use, with its tables, checkpoints and dead letters: a later one
 * may get its number.
 */
export async function dropVersion(
  session: SqlSession,
  definition: ProjectionDefinition,
  version: number,
): Promise<void> {
  const { count } = await session.run({
    text: `DELETE FROM projection_version
      WHERE projection = $1 AND version = $2 AND state <> 'live'`,
    values: [definition.name, version],
  });
  if (count === 0) return;
  for (const kept of ['projection_checkpoint', 'projection_dead_letter']) {
    await session.run({
      text: `DELETE FROM ${kept} WHERE projection = $1 AND version = $2`,
      values: [definition.name, version],
    });
  }
  for (const shape of definition.tables) {
    await session.run({ text: `DROP TABLE IF EXISTS ${quoted(tableName(shape, version))}` });
  }
}

/**
 * Puts `version` in use, in one transaction: queries see the old tables or the new ones. The views
 * are locked for a moment; if a long query holds them, this gives up soon (SQLSTATE 55P03) rather
 * than make new queries queue behind it, and is to be tried again.
 */
export async function activateVersion(
  database: SqlDatabase,
  version: ProjectionVersion,
): Promise<void> {
  const { definition } = version;
  const work = async (session: SqlSession): Promise<void> => {
    await session.run({ text: `SET LOCAL lock_timeout = '250ms'` });
    for (const shape of definition.tables) {
      const table = quoted(tableName(shape, version.version));
      const select = shape.viewOf?.(table) ?? `SELECT * FROM ${table}`;
      await session.run({ text: `CREATE OR REPLACE VIEW ${quoted(shape.name)} AS ${select}` });
    }
    await session.run({
      text: `UPDATE projection_version SET state = 'previous'
        WHERE projection = $1 AND state = 'live'`,
      values: [definition.name],
    });
    await session.run({
      text: `UPDATE projection_version SET state = 'live', activated_at = clock_timestamp()
        WHERE projection = $1 AND version = $2`,
      values: [definition.name, version.version],
    });
  };
  await database.transaction(work, { durable: true });
}
