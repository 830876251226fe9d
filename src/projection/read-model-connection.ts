import { backOffDelay, describeFailure, PgDatabase } from '@metad/projection';
import type { DataSource } from 'typeorm';
import { PROJECTION_ENTITIES } from './projection-entities.js';
import type { ProjectionPorts, ProjectionSettings } from './projection-ports.js';
import { openReadModel, SchemaTooNew } from './read-model-schema.js';

/** Connections to the read model: one pool for the writers, one for queries. */
export interface OpenReadModel {
  readonly database: PgDatabase;
  readonly queries: DataSource;
}

/** Writer, rebuild, verification and job bookkeeping: queries can never take these. */
const writerConnectionsMax = 4;

/**
 * Opens the read model however long the database is away. The node serves commands and look-ups
 * meanwhile. Null when `isStopped` came first. Throws `SchemaTooNew`, for which waiting is no cure.
 */
export async function connectReadModel(
  settings: ProjectionSettings,
  ports: Pick<ProjectionPorts, 'clock' | 'onTrouble'>,
  isStopped: () => boolean,
): Promise<OpenReadModel | null> {
  for (let attempt = 0; !isStopped(); attempt += 1) {
    try {
      return await open(settings);
    } catch (error) {
      if (error instanceof SchemaTooNew) throw error;
      if (attempt % 20 === 0) ports.onTrouble(describeFailure(error), error);
      await backOffDelay(ports.clock, attempt);
    }
  }
  return null;
}

async function open(settings: ProjectionSettings): Promise<OpenReadModel> {
  const { url, schema, statementTimeoutMs, queryConnectionsMax } = settings;
  const options = { url, schema, statementTimeoutMs, entities: PROJECTION_ENTITIES };
  const queries = await openReadModel({ ...options, connectionsMax: queryConnectionsMax });
  const database = new PgDatabase({
    ...{ url, schema, statementTimeoutMs, connectionsMax: writerConnectionsMax },
    applicationName: 'metad projection',
  });
  return { database, queries };
}
