import { join } from 'node:path';
import pg from 'pg';
import { PostgresServer } from '../../../test/cluster/process/postgres-server.js';
import type { PeerOptions, PeerServers } from '../peer.js';
import { installedVersion } from '../version.js';

const port = 20530;

/** One PostgreSQL with its default durability; no replica. */
export async function startPostgres(options: PeerOptions): Promise<PeerServers> {
  const directory = join(options.directory, 'postgres');
  const server = await PostgresServer.start({ directory, port });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('create table bench (key text primary key, value text not null)');
  await client.end();
  return {
    name: 'postgres',
    address: { peer: 'postgres', endpoints: [server.url] },
    version: `PostgreSQL ${installedVersion('postgresql-15')}`,
    guarantees: {
      put: 'fsynced by one server; nothing is replicated',
      get: 'linearizable, as there is one server',
    },
    pids: () => [server.pid],
    stop: () => server.stop(),
  };
}
