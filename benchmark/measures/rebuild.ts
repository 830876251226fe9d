import { join } from 'node:path';
import { Client } from 'pg';
import { eventually } from '../../test/cluster/process/child.js';
import { PostgresServer } from '../../test/cluster/process/postgres-server.js';
import { projectionRate } from '../projection/projection-rate.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import type { VersusOptions } from './versus.js';

const records = 1_000_000;
const recordsQuick = 100_000;
const port = 20536;

/** The read side by itself, on a server of its own: rows a second and a rebuild under load. */
export async function rebuild({ directory, quick }: VersusOptions): Promise<FigureReport> {
  const server = await PostgresServer.start({ directory: join(directory, 'pg'), port });
  try {
    await eventually('the server', () => answers(server.url), 30_000);
    const rows = await projectionRate(server.url, quick ? recordsQuick : records);
    const note = 'one process, one PostgreSQL; the log grows by 800 entries a second meanwhile';
    return { what: 'rebuild', machine: describeMachine(), note, rows };
  } finally {
    await server.stop();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false; // It listens already, but is starting still.
  } finally {
    await client.end();
  }
}
