import pg from 'pg';
import type { Done, PeerAddress, PeerClient } from '../peer.js';

const connections = 32;

/** Single-row upserts by key, prepared once per connection. */
export async function connectPostgres(address: PeerAddress): Promise<PeerClient> {
  const pool = new pg.Pool({ connectionString: address.endpoints[0] ?? '', max: connections });
  const text =
    'insert into bench (key, value) values ($1, $2) ' +
    'on conflict (key) do update set value = excluded.value';
  const put = (record: number, value: string, done: Done): void => {
    pool.query({ name: 'put', text, values: [`k${record}`, value] }).then(
      () => done(null),
      (error: Error) => done(error),
    );
  };
  const select = 'select value from bench where key = $1';
  return {
    insert: put,
    put,
    get: (record, done) => {
      pool.query({ name: 'get', text: select, values: [`k${record}`] }).then(
        () => done(null),
        (error: Error) => done(error),
      );
    },
    close: () => pool.end(),
  };
}
