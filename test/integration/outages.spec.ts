import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  startBroker,
  startPostgres,
  type EmbeddedBroker,
  type RunningPostgres,
} from '../../src/cli/embedded/index.js';
import { testPort } from '../fixtures/ports.js';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// A broker and a database of the test's own, whatever the environment names: both are stopped and
// started again under load. Commands may wait or fail definitely; what was acknowledged stays.

const outageMs = 2_500;
const writers = 16;

let folder: string;
let broker: EmbeddedBroker;
let postgres: RunningPostgres;
let cluster: WholeCluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-outage-'));
  await chmod(folder, 0o711);
  const [brokerPort, databasePort] = [await testPort(), await testPort()];
  broker = await startBroker({ port: brokerPort });
  postgres = await startPostgres({ dataDir: folder, port: databasePort });
  const names = { prefix: 'outage.v1', cluster: 'outage' };
  cluster = await WholeCluster.start(4, {
    broker: { url: broker.url, ...names, close: async () => undefined },
    database: { url: postgres.url, close: async () => undefined },
  });
}, 300_000);

afterAll(async () => {
  await cluster.stop();
  await postgres.stop();
  await broker.close();
  await rm(folder, { recursive: true, force: true });
}, 300_000);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const portOf = (url: string): number => Number(new URL(url).port);

/** Writes as long as `during` runs; returns what was acknowledged, by resource. */
async function writeDuring(mark: string, during: () => Promise<void>): Promise<string[]> {
  const acknowledged: string[] = [];
  let over = false;
  const write = async (writer: number): Promise<void> => {
    for (let at = 0; !over; at += 1) {
      const resourceId = `${mark}-${writer}-${at}`;
      const data = { tenantId: `tenant-${at % 7}`, resourceId, node: 'node-a' };
      await cluster.client.command('AssignResource', data, { timeoutMs: 60_000 });
      acknowledged.push(resourceId);
    }
  };
  const writing = Array.from({ length: writers }, (_, writer) => write(writer));
  await pause(500);
  await during();
  const before = acknowledged.length;
  while (acknowledged.length < before + 50) await pause(20);
  over = true;
  await Promise.all(writing);
  return acknowledged;
}

async function expectEverywhere(mark: string, acknowledged: readonly string[]): Promise<void> {
  await cluster.settled();
  const sql = `SELECT resource_id FROM resource WHERE resource_id LIKE '${mark}-%'`;
  for (const node of cluster.nodes) {
    const rows = (await cluster.rows(node, sql)).map((row) => String(row['resource_id']));
    expect(rows.sort()).toEqual([...acknowledged].sort());
  }
}

describe('an outage under load', () => {
  it('of the database leaves commands alone, and the tables catch up', async () => {
    let during = 0;
    const acknowledged = await writeDuring('database', async () => {
      await postgres.stop();
      const from = cluster.client.statistics().calls;
      await pause(outageMs);
      during = cluster.client.statistics().calls - from;
      postgres = await startPostgres({ dataDir: folder, port: portOf(cluster.database.url) });
    });
    expect(during).toBeGreaterThan(0);
    await expectEverywhere('database', acknowledged);
  }, 300_000);

  it('of the broker loses nothing that was acknowledged', async () => {
    const acknowledged = await writeDuring('broker', async () => {
      const port = portOf(broker.url);
      await broker.close();
      await pause(outageMs);
      broker = await startBroker({ port });
    });
    await expectEverywhere('broker', acknowledged);
  }, 300_000);
});
