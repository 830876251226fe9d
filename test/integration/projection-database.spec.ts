import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import { Client } from 'pg';
import { assigned } from '../fixtures/applied-log.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { ProjectedNode, type ProjectedNodeOptions } from '../fixtures/projected-node.js';
import { allDefinitions } from '../fixtures/read-model.js';
import { SilentProxy } from '../fixtures/silent-proxy.js';

// A database that answers, but not as it should: slow, without a connection to give, full, or with
// two writers in one schema. What this node applies goes on meanwhile, and the reason is told.

let postgres: TestPostgres;
let node: ProjectedNode;
let proxy: SilentProxy | null = null;

beforeAll(async () => {
  postgres = await startPostgres({ allowShared: false });
});
afterAll(() => postgres.dispose());
afterEach(async () => {
  await node.dispose();
  await proxy?.close();
  proxy = null;
});

const begin = async (options: Partial<ProjectedNodeOptions> = {}): Promise<void> => {
  node = new ProjectedNode({ url: postgres.url, ...options });
  await node.settled();
};

const status = (name: string) => node.projections.list().find((item) => item.name === name);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(test: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; !test(); attempt += 1) {
    if (attempt > 1_500)
      throw new Error(`${what} never came: ${JSON.stringify(status('history'))}`);
    await pause(20);
  }
}

async function proven(): Promise<void> {
  await node.settled();
  for (const { name } of allDefinitions()) {
    const job = await node.finished(await node.projections.jobs.verify(name));
    expect([name, job.state, job.reason]).toEqual([name, 'done', null]);
  }
}

/** Runs before every row of history is added. */
async function beforeEveryRow(body: string): Promise<() => Promise<void>> {
  await node.sql(`CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN ${body}; RETURN new; END $$`);
  await node.sql(`CREATE TRIGGER trouble BEFORE INSERT ON history_v1
    FOR EACH ROW EXECUTE FUNCTION trouble()`);
  return async () => {
    await node.sql('DROP TRIGGER trouble ON history_v1');
  };
}

describe('a database in trouble', () => {
  it('may be so slow that a full batch takes longer than a statement may', async () => {
    await begin({ statementTimeoutMs: 400 });
    const mend = await beforeEveryRow('PERFORM pg_sleep(0.004)');
    node.work(1, 1_000);
    await until(() => status('history')?.state === 'waiting', 'trouble');
    expect(status('history')?.reason).toContain('57014');
    expect(status('history')?.lagEntries).toBeGreaterThan(0);
    // Smaller batches get through, though the server is as slow as before.
    await until(() => status('history')?.lagEntries === 0, 'the end');
    await mend();
    await proven();
  });

  it('may have no connection left to give', async () => {
    await begin();
    const clients: Client[] = [];
    const occupy = async (): Promise<void> => {
      for (;;) {
        const client = new Client({ connectionString: postgres.url });
        client.on('error', () => undefined);
        try {
          await client.connect();
        } catch {
          return;
        }
        clients.push(client);
      }
    };
    await occupy();
    await clients[0]?.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name LIKE 'metad %'`);
    await occupy();
    node.work(2, 300);
    await until(() => status('resource')?.state === 'waiting', 'trouble');
    expect(status('resource')?.reason).toContain('53300');
    await expect(node.query('ListResources')).rejects.toMatchObject({ code: 'RESTORING' });
    await Promise.all(clients.map((client) => client.end()));
    await proven();
  });

  it('may fall silent: a query says so, and the next one gets another connection', async () => {
    const server = new URL(postgres.url);
    proxy = await SilentProxy.before(Number(server.port));
    server.port = String(proxy.port);
    await begin({ url: server.href, statementTimeoutMs: 200 });
    expect((await node.query('ListResources')).items).toEqual([]);
    proxy.silence();
    const refusal = await node.query('ListResources').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'RESTORING' });
    expect((await node.query('ListResources')).items).toEqual([]);
  });

  it('may be full', async () => {
    await begin();
    const mend = await beforeEveryRow(
      `RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'`,
    );
    node.work(3, 300);
    await until(() => status('history')?.state === 'waiting', 'trouble');
    expect(status('history')?.reason).toBe('53100: no space left on device');
    expect((await node.query('ListResources')).items).toEqual([]);
    await mend();
    await proven();
  });

  it('may have two processes that write into one schema: one of them waits', async () => {
    await begin();
    const second = new ProjectedNode({ url: postgres.url, schema: node.schema, log: node.log });
    try {
      const troubles = (): string => [...node.troubles, ...second.troubles].join();
      const isThere = () => second.projections.list().some(({ lagEntries }) => lagEntries === 0);
      second.catchUp();
      await until(isThere, 'the second');
      for (let round = 0; round < 200 && !troubles().includes('another writer'); round += 1) {
        node.work(100 + round, 100);
        second.catchUp();
        await pause(10);
      }
      await until(() => status('history')?.lagEntries === 0, 'the end');
      // Which of them waits now, or whether its turn has just come, is a matter of moments.
      expect(troubles()).toContain('another writer');
    } finally {
      await second.stop();
    }
    await proven();
  });
});

describe('the processor', () => {
  it('shows its age and its lag', async () => {
    await begin();
    await node.projections.pause('resource');
    node.log.append(partitionId(1), assigned('acme', 'db-1', 'node-1'));
    node.catchUp();
    await until(() => status('history')?.lagEntries === 0, 'history');
    await pause(300);
    expect(status('resource')).toMatchObject({ state: 'paused', lagEntries: 1 });
    expect(status('resource')?.lagMs).toBeGreaterThanOrEqual(250);
    expect(status('history')).toMatchObject({ lagEntries: 0, lagMs: 0 });
    expect(status('history')?.heartbeatAgeMs).toBeLessThan(5_000);
  });

  it('hurries for a reader, and lets changes gather for nobody', async () => {
    await begin();
    const at = async (): Promise<number> => {
      const [row] = await node.sql<{ n: number }>(
        `SELECT count(DISTINCT xmin::text)::integer AS n FROM history_v1`,
      );
      return row?.n ?? 0;
    };
    for (let step = 0; step < 40; step += 1) {
      node.work(200 + step, 5);
      await pause(10);
    }
    await node.settled();
    const batches = await at();
    // 400 ms at one batch in 100 ms, and some for a machine that is late; 27 at one in 15 ms.
    expect(batches).toBeGreaterThan(0);
    expect(batches).toBeLessThanOrEqual(15);
  });
});
