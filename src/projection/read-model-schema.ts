import { QueryConnection, sessionOptions, silenceLimits } from '@metad/projection';
import { Client, type Pool } from 'pg';
import { DataSource, type DataSourceOptions, type MixedList } from 'typeorm';
import { MIGRATIONS } from '../../migrations/index.js';

/** The schema was migrated by a newer program: this one must not write into it. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew';

  constructor(schema: string, unknown: readonly string[]) {
    super(
      `schema ${schema} has migrations that this program does not know (${unknown.join(', ')}): ` +
        'start the newer program again, or drop the schema and let it be rebuilt',
    );
  }
}

export interface ReadModelOptions {
  readonly url: string;
  /** One per node: `metad_n1`. */
  readonly schema: string;
  readonly entities: MixedList<new () => object>;
  readonly connectionsMax: number;
  readonly statementTimeoutMs: number;
}

/** Serializes migrations of all nodes that share a database. */
const MIGRATION_LOCK = 0x6d65_7461;

/**
 * Creates the node's schema if need be, migrates it, and returns a connected DataSource for
 * queries. TypeORM takes no lock of its own, so an advisory lock is held meanwhile. Rejects with
 * `SchemaTooNew`, or with the driver's error when the database is away: the caller waits and tries
 * again.
 */
export async function openReadModel(options: ReadModelOptions): Promise<DataSource> {
  const guard = new Client({ connectionString: options.url, connectionTimeoutMillis: 5_000 });
  guard.on('error', () => undefined);
  await guard.connect();
  let source: DataSource | null = null;
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await guard.query(`CREATE SCHEMA IF NOT EXISTS ${guard.escapeIdentifier(options.schema)}`);
    source = await new DataSource(dataSourceOptions(options)).initialize();
    hearErrors(source);
    await refuseNewer(source, options.schema);
    await source.runMigrations({ transaction: 'all' });
    return source;
  } catch (error) {
    await source?.destroy();
    throw error;
  } finally {
    await guard.end().catch(() => undefined);
  }
}

/**
 * A connection that ends before whoever waits for it listens must not end the process; TypeORM
 * itself listens only once a connection is handed out.
 */
function hearErrors(source: DataSource): void {
  const { master } = source.driver as unknown as { readonly master: Pool };
  master.on('connect', (client) => client.on('error', () => undefined));
}

function dataSourceOptions(options: ReadModelOptions): DataSourceOptions {
  return {
    type: 'postgres',
    url: options.url,
    schema: options.schema,
    entities: options.entities,
    migrations: [...MIGRATIONS],
    migrationsTableName: 'schema_migration',
    synchronize: false,
    applicationName: 'metad queries',
    poolSize: options.connectionsMax,
    poolErrorHandler: () => undefined,
    extra: {
      // Only migrations write through it, and the log does not bring those again.
      options: [
        sessionOptions(options.schema, options.statementTimeoutMs),
        '-c synchronous_commit=on',
      ].join(' '),
      connectionTimeoutMillis: 5_000,
      ...silenceLimits(options.statementTimeoutMs),
      Client: QueryConnection,
    },
  };
}

async function refuseNewer(source: DataSource, schema: string): Promise<void> {
  const known = new Set<string>(source.migrations.map((migration) => migration.name ?? ''));
  const exists: unknown[] = await source.query(
    `SELECT FROM pg_tables WHERE schemaname = $1 AND tablename = 'schema_migration'`,
    [schema],
  );
  if (exists.length === 0) return;
  const applied: { name: string }[] = await source.query('SELECT name FROM schema_migration');
  const unknown = applied.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new SchemaTooNew(schema, unknown);
}
