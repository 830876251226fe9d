import { Client, type ClientConfig } from 'pg';
import { sqlStateOf } from './sql-database.js';

type Query = (...values: unknown[]) => unknown;

/**
 * A connection for queries that ends itself when a statement fails without the server having said
 * so, above all when no answer came in time. TypeORM gives such a connection back to its pool as a
 * sound one, and whoever gets it next would wait behind the statement that was never answered.
 */
export class QueryConnection extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    const query = this.query.bind(this) as Query;
    const guarded: Query = (...values) => this.guard(query(...values));
    this.query = guarded as Client['query'];
  }

  /** Before the caller hears of it: then the pool sees that the connection ends. */
  private guard(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error: unknown) => {
      if (sqlStateOf(error) === null) this.end(() => undefined);
      throw error;
    });
  }
}
