import {
  cataloguedVersions,
  dropVersion,
  type ProjectionDefinition,
  type SqlDatabase,
  type SqlSession,
} from '@metad/projection';
import { newestBuilder, versionsInHand, type Job } from './job-store.js';

/** Which versions of the tables are dropped, and when: each is a copy of all rows. */
export class BuiltVersions {
  constructor(private readonly database: SqlDatabase) {}

  /** What a job built, whatever became of it; never a version in use. */
  drop(definition: ProjectionDefinition, version: number): Promise<void> {
    return this.durably((session) => dropVersion(session, definition, version));
  }

  /** What a rebuild left behind when it failed, unless a later one got the number. */
  dropFailed(definition: ProjectionDefinition, { jobId, version }: Job): Promise<void> {
    return this.durably(async (session) => {
      if (version === null || !(await isBuilding(session, definition.name, version))) return;
      const builder = await newestBuilder(session, definition.name, version);
      if (builder === jobId) await dropVersion(session, definition, version);
    });
  }

  /**
   * What failed rebuilds left for inspection; called when the next one begins, so that there is one
   * at most.
   */
  async dropAbandoned(definition: ProjectionDefinition): Promise<void> {
    const inHand = await versionsInHand(this.database, definition.name);
    for (const { projection, version, state } of await cataloguedVersions(this.database)) {
      if (projection !== definition.name || state !== 'building') continue;
      if (!inHand.has(version)) await this.drop(definition, version);
    }
  }

  /** All previous versions but `kept`. */
  async dropPrevious(definition: ProjectionDefinition, kept: number | null): Promise<void> {
    for (const { projection, version, state } of await cataloguedVersions(this.database)) {
      if (projection !== definition.name || state !== 'previous') continue;
      if (version !== kept) await this.drop(definition, version);
    }
  }

  private durably(work: (session: SqlSession) => Promise<void>): Promise<void> {
    return this.database.transaction(work, { durable: true });
  }
}

/** Locks the version: what builds it stays the same until the transaction ends. */
async function isBuilding(
  session: SqlSession,
  projection: string,
  version: number,
): Promise<boolean> {
  const { rows } = await session.run({
    text: `SELECT FROM projection_version
      WHERE projection = $1 AND version = $2 AND state = 'building' FOR UPDATE`,
    values: [projection, version],
  });
  return rows.length > 0;
}
