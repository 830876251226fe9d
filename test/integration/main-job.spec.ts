import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import { WholeCluster } from '../fixtures/whole-cluster.js';

// The main job on real parts: three processes, a broker, PostgreSQL; embedded ones unless NATS_URL
// and DATABASE_URL name others. One test's rows are the next one's ground.

interface Step {
  readonly command: 'AssignResource' | 'ReleaseResource';
  readonly tenantId: string;
  readonly resourceId: string;
  readonly node: string;
}

/** Assignments and releases in order; a release names only what is assigned. */
function workload(count: number): Step[] {
  const random = seededRandom(42);
  const assigned: Step[] = [];
  return Array.from({ length: count }, (_, at): Step => {
    if (assigned.length > 20 && random.below(4) === 0) {
      const [taken] = assigned.splice(random.below(assigned.length), 1);
      return { ...(taken as Step), command: 'ReleaseResource' };
    }
    const step: Step = {
      command: 'AssignResource',
      tenantId: `tenant-${random.below(9)}`,
      resourceId: `r-${at}`,
      node: `node-${random.below(50)}`,
    };
    assigned.push(step);
    return step;
  });
}

/** What must remain, folded without any part of the product. */
function foldOf(steps: readonly Step[]): string[] {
  const rows = new Map<string, string>();
  for (const { command, tenantId, resourceId, node } of steps) {
    if (command === 'AssignResource') rows.set(`${tenantId}/${resourceId}`, node);
    else rows.delete(`${tenantId}/${resourceId}`);
  }
  return [...rows].map(([key, node]) => `${key} ${node}`).sort();
}

let cluster: WholeCluster;
const steps = workload(1_200);
const KEYS = 'SELECT tenant_id, resource_id, node FROM resource ORDER BY 1, 2';
const asLine = (row: Record<string, unknown>): string =>
  `${String(row['tenant_id'])}/${String(row['resource_id'])} ${String(row['node'])}`;

async function send({ command, tenantId, resourceId, node }: Step): Promise<void> {
  if (command === 'ReleaseResource') {
    await cluster.client.command(command, { tenantId, resourceId });
  } else {
    const labels = { zone: `z${resourceId.length}` };
    await cluster.client.command(command, { tenantId, resourceId, node, kind: 'db', labels });
  }
}

/** Keeps `width` commands under way; a release waits for what came before it. */
async function sendAll(all: readonly Step[], width: number, atHalf: () => Promise<void>) {
  const underWay = new Set<Promise<void>>();
  let half: Promise<void> = Promise.resolve();
  for (const [at, step] of all.entries()) {
    if (at === Math.floor(all.length / 2)) half = atHalf();
    if (step.command === 'ReleaseResource') await Promise.all(underWay);
    while (underWay.size >= width) await Promise.race(underWay);
    const sending: Promise<void> = send(step).finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  await Promise.all(underWay);
  await half;
}

beforeAll(async () => {
  cluster = await WholeCluster.start(4);
}, 300_000);
afterAll(async () => {
  await cluster.stop();
}, 300_000);

describe('three nodes, a broker and PostgreSQL', () => {
  it('lose no acknowledged command when the busiest leader is killed half-way', async () => {
    await sendAll(steps, 32, async () => cluster.kill(await cluster.busiest()));
    await cluster.launcher.says(/is back/);
    await cluster.settled();
    for (const node of cluster.nodes) {
      expect((await cluster.rows(node, KEYS)).map(asLine).sort()).toEqual(foldOf(steps));
    }
    const whole = 'SELECT * FROM resource ORDER BY namespace, tenant_id, resource_id';
    const [first, ...others] = await Promise.all(cluster.nodes.map((n) => cluster.rows(n, whole)));
    for (const other of others) expect(other).toEqual(first);
  }, 180_000);

  it('answer a repeated command with its first outcome', async () => {
    const commandId = randomUUID();
    const data = { tenantId: 'acme', resourceId: 'once', node: 'node-a' };
    const first = await cluster.request('cmd.prod.AssignResource', { commandId, data });
    const second = await cluster.request('cmd.prod.AssignResource', { commandId, data });
    expect(first).toMatchObject({ outcome: 'applied', version: 1 });
    expect(second).toEqual({ ...first, outcome: 'duplicate' });
    const other = { commandId, data: { ...data, node: 'node-b' } };
    expect(await cluster.request('cmd.prod.AssignResource', other)).toMatchObject({
      error: { code: 'COMMAND_ID_REUSED', definite: true },
    });
  });

  it('decide a precondition where it is applied, and show what stands in the way', async () => {
    const data = { tenantId: 'acme', resourceId: 'once', node: 'node-c' };
    const request = { commandId: randomUUID(), data, expect: { version: 7 } };
    expect(await cluster.request('cmd.prod.AssignResource', request)).toMatchObject({
      error: {
        code: 'VERSION_CONFLICT',
        definite: true,
        details: { version: 1, record: { node: 'node-a', version: 1 } },
      },
    });
  });

  it('say what a command would do, and do nothing', async () => {
    const data = { tenantId: 'acme', resourceId: 'once', node: 'node-dry' };
    const ask = (fields: object) =>
      cluster.request('cmd.prod.AssignResource', { commandId: randomUUID(), data, ...fields });
    expect(await ask({ dryRun: true })).toMatchObject({
      ...{ outcome: 'applied', dryRun: true, version: 2 },
      changes: [{ before: { node: 'node-a' }, after: { node: 'node-dry' } }],
    });
    const refused = await ask({ dryRun: true, expect: { node: 'elsewhere' } });
    expect(refused).toMatchObject({ error: { code: 'PRECONDITION_FAILED' } });
    const key = { params: { tenantId: 'acme', resourceId: 'once' }, consistency: 'linearizable' };
    expect(await cluster.request('query.prod.GetResource', key)).toMatchObject({
      item: { node: 'node-a', version: 1 },
    });
  });

  it('end a time to live by themselves, and not before its time', async () => {
    const ttlMs = 1_500;
    const name = { service: 'api', instanceId: 'i-1' };
    const where = { address: '10.0.0.1', port: 80 };
    const startedAt = Date.now();
    await cluster.client.command('RegisterInstance', { ...name, ...where, ttlMs });
    const list = async () => {
      const asked = { params: { service: 'api' }, consistency: 'linearizable' };
      return (await cluster.request('query.prod.ListInstances', asked))['items'] as unknown[];
    };
    while ((await list()).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(ttlMs);
    const history = await cluster.rows('n1', `SELECT type FROM history WHERE kind = 'instance'`);
    expect(history.map(({ type }) => type)).toEqual(['InstanceRegistered', 'InstanceExpired']);
  });

  it('refuse what is malformed, naming the field, and go on', async () => {
    const valid = { tenantId: 'acme', resourceId: 'x', node: 'node-a' };
    const ask = (body: unknown, command = 'AssignResource') =>
      cluster.request(`cmd.prod.${command}`, body);
    const faulty = (data: unknown) => ({ commandId: randomUUID(), data });
    const cases: [unknown, string][] = [
      ['{"commandId":', 'JSON'],
      [{ data: valid }, 'commandId'],
      [faulty({ ...valid, node: undefined }), 'data.node'],
      [faulty({ ...valid, node: 7 }), 'data.node'],
      [faulty({ ...valid, resourceId: 'a\u0000b' }), 'data.resourceId'],
      [faulty({ ...valid, resourceId: 'x'.repeat(600) }), 'data.resourceId'],
      [faulty({ ...valid, surprise: 1 }), 'data.surprise'],
      ['{"commandId":"x","data":{"__proto__":{"admin":true}}}', 'data.__proto__'],
    ];
    for (const [body, named] of cases) {
      const { error } = (await ask(body)) as { error: { code: string; message: string } };
      expect([named, error.code]).toEqual([named, 'INVALID_ARGUMENT']);
      expect(error.message).toContain(named);
    }
    expect(await ask(faulty(valid), 'Explode')).toMatchObject({
      error: { code: 'UNKNOWN_COMMAND', status: 404 },
    });
    expect(await ask(faulty({ ...valid, labels: { big: 'x'.repeat(300_000) } }))).toMatchObject({
      error: { code: 'TOO_LARGE', status: 413 },
    });
    expect(await ask(faulty(valid))).toMatchObject({ outcome: 'applied' });
  });

  it('refuse an administrative act as they refuse a command', async () => {
    const refused = async (act: string, body: object) => {
      const { error } = await cluster.admin<{ error?: { code: string } }>('n1', act, body);
      return error?.code;
    };
    expect(await refused('log.read', { partition: 1, from: 0 })).toBe('INVALID_ARGUMENT');
    expect(await refused('log.read', { partition: 1, from: 1 })).toBe('POSITION_COMPACTED');
    expect(await refused('partition.describe', { partition: 99 })).toBe('NOT_FOUND');
    expect(await refused('projection.rebuild', { name: 'nothing' })).toBe('NOT_FOUND');
    expect(await refused('moon.land', {})).toBe('UNKNOWN_COMMAND');
  });

  it('read their own writes in a session, and everybody’s when linearizable', async () => {
    const written = await cluster.client.command('AssignResource', {
      tenantId: 'acme',
      resourceId: 'fresh',
      node: 'node-fresh',
    });
    const session = { params: { node: 'node-fresh' }, position: written.position };
    const linearizable = { params: { node: 'node-fresh' }, consistency: 'linearizable' };
    for (const request of [session, linearizable]) {
      const { items } = await cluster.request('query.prod.ListResources', request);
      expect(items).toMatchObject([{ tenantId: 'acme', resourceId: 'fresh', version: 1 }]);
    }
    const key = { params: { tenantId: 'acme', resourceId: 'fresh' }, consistency: 'linearizable' };
    expect(await cluster.request('query.prod.GetResource', key)).toMatchObject({
      item: { node: 'node-fresh' },
    });
  });

  it('page through a list without missing or repeating a row', async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const request = { params: { kind: 'db' }, limit: 100, ...(cursor && { cursor }) };
      const page = await cluster.request('query.prod.ListResources', request);
      seen.push(...(page['items'] as { id: string }[]).map(({ id }) => id));
      cursor = page['cursor'] as string | undefined;
    } while (cursor !== undefined);
    const expected = foldOf(steps).map((line) => line.split(/[/ ]/)[1] ?? '');
    expect(seen).toEqual(expected.sort());
  });

  it('refuse to evict a tenant that has resources, and evict one that has none', async () => {
    await cluster.client.command('PlaceTenant', { tenantId: 'tenant-1', cell: 'eu-1' });
    const evict = { commandId: randomUUID(), data: { tenantId: 'tenant-1' } };
    expect(await cluster.request('cmd.prod.EvictTenant', evict)).toMatchObject({
      error: { code: 'RULE_VIOLATED', definite: true, details: { rule: expect.any(String) } },
    });
    await cluster.client.command('PlaceTenant', { tenantId: 'empty', cell: 'eu-2' });
    await cluster.client.command('EvictTenant', { tenantId: 'empty' });
    const { items } = await cluster.client.query('ListTenants', { cell: 'eu-2' });
    expect(items).toEqual([]);
  });

  it('use an index for each filter that is listed', async () => {
    const filters: Record<string, string> = {
      node: `SELECT * FROM resource WHERE namespace = 'prod' AND node = 'node-1'`,
      tenant: `SELECT * FROM resource WHERE namespace = 'prod' AND tenant_id = 'tenant-1'`,
      kind: `SELECT * FROM resource WHERE namespace = 'prod' AND kind = 'db'`,
      label: `SELECT * FROM resource WHERE labels @> '{"zone":"z4"}'`,
    };
    for (const [filter, sql] of Object.entries(filters)) {
      const text = JSON.stringify(await cluster.plan('n1', sql));
      expect([filter, /Index (Only )?Scan|Bitmap Index Scan/.test(text)]).toEqual([filter, true]);
    }
  });

  it('rebuild a projection while it is asked, and prove it equal', async () => {
    const expected = (await cluster.rows('n2', KEYS)).length;
    let over = false;
    const counts: number[] = [];
    const asking = (async () => {
      while (!over) {
        const reply = await cluster.admin<{ error?: unknown }>('n2', 'projection.list');
        expect(reply.error).toBeUndefined();
        counts.push((await cluster.rows('n2', KEYS)).length);
      }
    })();
    const { jobId } = await cluster.admin<{ jobId: string }>('n2', 'projection.rebuild', {
      name: 'resource',
    });
    let job: { state: string; report: { equalsLive: boolean; verification: { equal: boolean } } };
    do {
      await new Promise((resolve) => setTimeout(resolve, 20));
      job = await cluster.admin('n2', 'job.show', { jobId });
    } while (job.state === 'running');
    over = true;
    await asking;
    expect(job).toMatchObject({
      state: 'done',
      report: { equalsLive: true, activated: true, verification: { equal: true } },
    });
    expect(new Set(counts)).toEqual(new Set([expected]));
  }, 300_000);

  it('drain on SIGTERM and leave nothing running', async () => {
    cluster.launcher.signal('SIGTERM');
    expect(await cluster.launcher.exited()).toBe(0);
    expect(cluster.launcher.text).toContain('nothing is left running');
  }, 300_000);
});
