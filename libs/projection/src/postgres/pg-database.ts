import { Pool, type PoolClient, type QueryResult } from 'pg';
import { CopyIn } from './copy-in.js';
import { sqlStateOf } from './sql-database.js';
import type {
  SqlDatabase,
  SqlResult,
  SqlSession,
  Statement,
  TransactionOptions,
} from './sql-database.js';

export interface PgDatabaseOptions {
  readonly url: string;
  readonly schema: string;
  readonly connectionsMax: number;
  /** A statement that takes longer is cancelled; the batch is then tried again. */
  readonly statementTimeoutMs: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
}

/**
 * `SqlDatabase` over node-postgres, with a pool of its own. Commits do not wait for the server's
 * disk (`synchronous_commit = off`): a crash loses the last transactions whole, checkpoints
 * included, and the log brings them again.
 */
export class PgDatabase implements SqlDatabase {
  private readonly pool: Pool;

  constructor(options: PgDatabaseOptions) {
    this.pool = new Pool({
      connectionString: options.url,
      max: options.connectionsMax,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
      ...silenceLimits(options.statementTimeoutMs),
      application_name: options.applicationName,
      options: sessionOptions(options.schema, options.statementTimeoutMs),
    });
    // An idle connection that breaks is replaced by the pool; whoever needs one next sees the
    // state.
    this.pool.on('error', () => undefined);
    // The server may end a connection in the very bytes with which it opens it: then nobody
    // listens yet, and an error that nobody hears ends the process.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async run<R extends object>(statement: Statement): Promise<SqlResult<R>> {
    const client = await this.pool.connect();
    return this.holding(client, () => runOn<R>(client, statement));
  }

  async transaction<T>(
    work: (session: SqlSession) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const client = await this.pool.connect();
    return this.holding(client, async () => {
      const frozen = options.frozen ? ' ISOLATION LEVEL REPEATABLE READ READ ONLY' : '';
      await client.query(`BEGIN${frozen}`);
      try {
        if (options.frozen) await client.query(IDLE_WITHOUT_LIMIT);
        if (options.durable) await client.query('SET LOCAL synchronous_commit = on');
        const result = await work({ run: (statement) => runOn(client, statement) });
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** Waits for connections in use. */
  close(): Promise<void> {
    return this.pool.end();
  }

  /** Gives the connection back; one that failed in any way is closed, whatever state it was in. */
  private async holding<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    client.on('error', onError);
    try {
      return await work();
    } catch (error) {
      broken ||= !isStatementError(error);
      throw error;
    } finally {
      client.removeListener('error', onError);
      client.release(broken);
    }
  }
}

/**
 * A frozen view is kept open while a state machine is replayed up to it, which may take minutes:
 * the server's limit, against writers that hang while they hold locks, would end it (25P03).
 */
const IDLE_WITHOUT_LIMIT = 'SET LOCAL idle_in_transaction_session_timeout = 0';

/**
 * The client's own limits, for a server that no longer answers at all: they end the wait for a
 * statement, and find connections out that nobody uses.
 */
export const silenceLimits = (statementTimeoutMs: number) => ({
  query_timeout: statementTimeoutMs + 5_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
});

/** Session settings as libpq's `options`: they hold from the first statement on. */
export function sessionOptions(schema: string, statementTimeoutMs: number): string {
  return [
    `-c search_path=${schema}`,
    '-c synchronous_commit=off',
    `-c statement_timeout=${statementTimeoutMs}`,
    '-c lock_timeout=10000',
    '-c idle_in_transaction_session_timeout=60000',
    '-c timezone=UTC',
    '-c jit=off',
  ].join(' ');
}

async function runOn<R extends object>(
  client: PoolClient,
  { name, text, values, rows: copied }: Statement,
): Promise<SqlResult<R>> {
  if (copied) return { rows: [], count: await client.query(new CopyIn(text, copied)).done };
  const query = { text, values: values ? [...values] : [], ...(name ? { name } : {}) };
  const { rows, rowCount }: QueryResult<R> = await client.query<R>(query);
  return { rows, count: rowCount ?? 0 };
}

/** The server answered with an error: the connection itself is sound. */
function isStatementError(error: unknown): boolean {
  const code = sqlStateOf(error);
  return code !== null && !/^(08|57)/.test(code);
}
