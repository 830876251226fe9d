/** One statement. `name` marks it as worth preparing once per connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Rows of a `COPY … FROM STDIN`, in its text format; then there are no values. */
  readonly rows?: Buffer;
}

export interface SqlResult<R> {
  readonly rows: readonly R[];
  readonly count: number;
}

/** A connection inside a transaction, or outside of one for single statements. */
export interface SqlSession {
  run<R extends object = Record<string, unknown>>(statement: Statement): Promise<SqlResult<R>>;
}

export interface TransactionOptions {
  /** Sees the database as of its first statement: what verification needs. Default false. */
  readonly frozen?: boolean;
  /**
   * Waits for the server's disk. For what the log does not bring again: which version is in use,
   * which tables exist, jobs. Default false.
   */
  readonly durable?: boolean;
}

/** The projection database: one schema of one node. */
export interface SqlDatabase extends SqlSession {
  /** Commits when `work` resolves and rolls back when it rejects. */
  transaction<T>(
    work: (session: SqlSession) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T>;
  close(): Promise<void>;
}

/** What a failed statement lets the writer conclude. */
export type SqlFailure =
  /** The database is away, overloaded, full or restarting: wait and try the same again. */
  | 'unavailable'
  /** A value that a column cannot hold: the same batch fails again. */
  | 'badData'
  /** Anything else: an operator must look, the writer tries again slowly. */
  | 'other';

/** The five characters with which a server says what went wrong; null for any other error. */
export function sqlStateOf(error: unknown): string | null {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/** Sorts errors by SQLSTATE class; what carries none came from the connection, or from us. */
export function failureOf(error: unknown): SqlFailure {
  if (error instanceof TypeError || error instanceof RangeError) return 'other';
  const code = sqlStateOf(error);
  if (code === null || /^(08|40|53|55|57|58)/.test(code)) return 'unavailable';
  return /^(22|23)/.test(code) ? 'badData' : 'other';
}
