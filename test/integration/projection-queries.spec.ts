import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadError, type QueryReply, type QueryRequest } from '@metad/contract';
import { partitionId } from '@metad/foundation';
import { assigned, placed } from '../fixtures/applied-log.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { ProjectedNode } from '../fixtures/projected-node.js';

let postgres: TestPostgres;
let node: ProjectedNode;

beforeAll(async () => {
  postgres = await startPostgres();
  node = new ProjectedNode({ url: postgres.url });
  node.work(11, 3_000);
  const one = partitionId(1);
  node.log.append(
    one,
    placed('acme', 'eu-1', { node: 'node-1', tier: 'gold', labels: { a: '1' } }),
  );
  node.log.append(one, placed('beta', 'eu-2', { labels: { a: '2' } }));
  node.log.append(one, { ...assigned('acme', 'other-ns', 'node-1'), namespace: 'test' });
  node.catchUp();
  await node.settled();
});
afterAll(async () => {
  await node.dispose();
  await postgres.dispose();
});

async function all(name: string, request: QueryRequest, namespace = 'prod') {
  const items: Record<string, unknown>[] = [];
  let cursor: string | undefined;
  do {
    const page: QueryReply = await node.query(
      name,
      { ...request, ...(cursor ? { cursor } : {}) },
      namespace,
    );
    items.push(...(page.items ?? []));
    cursor = page.cursor;
  } while (cursor);
  return items;
}

const resources = (test: (value: Record<string, unknown>) => boolean, namespace = 'prod') =>
  [...node.log.records.values()]
    .filter((r) => r.kind === 'resource' && r.namespace === namespace && test(r.value))
    .map((r) => r.value['resourceId'] as string)
    .sort();

const ids = (items: readonly Record<string, unknown>[]) => items.map((item) => item['id']);

async function refusal(work: Promise<unknown>): Promise<MetadError> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MetadError);
  return error as MetadError;
}

describe('lists', () => {
  it('find resources by each filter, in order of their ids', async () => {
    const cases: [Record<string, unknown>, (value: Record<string, unknown>) => boolean][] = [
      [{}, () => true],
      [{ node: 'node-3' }, (v) => v['node'] === 'node-3'],
      [{ tenantId: 't2' }, (v) => v['tenantId'] === 't2'],
      [{ kind: 'vm' }, (v) => v['kind'] === 'vm'],
      [{ owner: 'nobody' }, () => false],
      [{ label: 'zone=z1' }, (v) => (v['labels'] as Record<string, string>)['zone'] === 'z1'],
      [{ label: 'zone' }, () => true],
      [
        { label: { zone: 'z1', app: 'a2' }, node: 'node-1' },
        (v) => JSON.stringify(v['labels']) === '{"app":"a2","zone":"z1"}' && v['node'] === 'node-1',
      ],
    ];
    for (const [params, test] of cases) {
      expect([params, ids(await all('ListResources', { params, limit: 7 }))]).toEqual([
        params,
        resources(test),
      ]);
    }
  });

  it('show a record as the look-up by its key does', async () => {
    const [item] = (await node.query('ListResources', { limit: 1 })).items ?? [];
    const { tenantId, resourceId } = item ?? {};
    const found = await node.query('GetResource', { params: { tenantId, resourceId } });
    expect(item).toEqual(found.item);
    const tenant = await node.query('GetTenant', { params: { tenantId: 'acme' } });
    expect(tenant.item).toMatchObject({ id: 'acme', cell: 'eu-1', labels: { a: '1' } });
    const tenants = await all('ListTenants', { params: { tier: 'gold' } });
    expect(tenants).toEqual([tenant.item]);
  });

  it('stay within one namespace unless asked for all', async () => {
    expect(ids(await all('ListResources', {}, 'test'))).toEqual(['other-ns']);
    const everywhere = await all('ListResources', { limit: 50 }, '_all');
    expect(everywhere).toHaveLength(resources(() => true).length + 1);
    expect(everywhere.at(-1)).toMatchObject({ namespace: 'test', id: 'other-ns' });
  });

  it('end a page at 512 KiB', async () => {
    const long = Object.fromEntries([...'0123456789'].map((n) => [n, 'x'.repeat(250)]));
    for (let at = 0; at < 300; at += 1) {
      const edit = assigned('big', `big-${at}`, 'node-1', { labels: long });
      node.log.append(partitionId(1), { ...edit, namespace: 'big' });
    }
    node.catchUp();
    await node.settled();
    const page = await node.query('ListResources', { limit: 1_000 }, 'big');
    expect(JSON.stringify(page.items).length).toBeLessThanOrEqual(512 * 1024);
    expect(page.cursor).toBeDefined();
    expect(await all('ListResources', {}, 'big')).toHaveLength(300);
  });

  it('use an index for every filter', async () => {
    const filters = {
      tenant: ["cell = 'x'", "node = 'x'", "tier = 'x'", `labels @> '{"a":"1"}'`],
      resource: [
        "tenant_id = 'x'",
        "node = 'x'",
        "owner = 'x'",
        "kind = 'x'",
        `labels @> '{"a":"1"}'`,
      ],
      service_instance: ["service = 'x'", "tags @> ARRAY['x']"],
      shard: ["node = 'x'"],
      route: ["backends @> ARRAY['x']"],
      history: ["kind = 'resource' AND record_id = 'x'"],
    };
    for (const [view, conditions] of Object.entries(filters)) {
      for (const condition of conditions) {
        const plan = await explained(view, condition);
        const column = /(\w+) (=|@>) [^=]*$/.exec(condition)?.[1] ?? '';
        expect(plan).toMatch(new RegExp(`Index Cond: .*\\b${column}\\b`));
      }
    }
  });
});

/** The plan when reading the whole table is made to look expensive, as it is with many rows. */
async function explained(view: string, condition: string): Promise<string> {
  const text = `EXPLAIN SELECT * FROM ${view} WHERE ${condition}`;
  const rows = await node.sql(text, '-c enable_seqscan=off');
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('shards, routes and instances', () => {
  const one = partitionId(1);
  const instance = (instanceId: string, zone: string, tags: string[]) => ({
    ...{
      type: 'InstanceRegistered',
      kind: 'instance',
      namespace: 'prod',
      key: `api/${instanceId}`,
    },
    value: {
      ...{ service: 'api', instanceId, address: '10.0.0.1', port: 80, zone, tags },
      ...{ metadata: { v: '2' }, ttlMs: 5_000 },
    },
  });
  const shards = (type: string, ...nodes: string[]) => ({
    ...{ type, kind: 'shard-map', namespace: 'prod', key: 'orders' },
    value: {
      ...{ map: 'orders', keyspace: 'range' },
      shards: nodes.map((name, at) => ({
        ...{ shardId: `s${at}`, start: at === 0 ? '' : `${at}`, node: name, replicas: ['r1'] },
        end: at === nodes.length - 1 ? '' : `${at + 1}`,
      })),
    },
  });
  const routes = (...backends: string[]) => ({
    ...{ type: 'RoutePut', kind: 'routing-table', namespace: 'prod', key: 'edge' },
    value: {
      table: 'edge',
      routes: backends.map((backend, at) => ({
        ...{ routeId: `r${at}`, match: { host: `h${at}.test`, pathPrefix: '/a' }, priority: at },
        targets: [{ backend, weight: 10 }],
      })),
    },
  });

  it('are found by zone, tag, node and backend', async () => {
    node.log.append(one, instance('i1', 'z1', ['blue', 'canary']), instance('i2', 'z2', ['blue']));
    node.log.append(one, shards('ShardMapCreated', 'node-1', 'node-2', 'node-1'));
    node.log.append(one, routes('web', 'api'));
    node.catchUp();
    await node.settled();
    const found = async (name: string, params: Record<string, unknown>, field: string) =>
      (await all(name, { params })).map((item) => item[field]);
    expect(await found('ListInstances', { service: 'api' }, 'instanceId')).toEqual(['i1', 'i2']);
    expect(await found('ListInstances', { service: 'api', zone: 'z2' }, 'id')).toEqual(['api/i2']);
    expect(await found('ListInstances', { tag: 'canary' }, 'id')).toEqual(['api/i1']);
    expect(await all('ListServices', {})).toEqual([
      { namespace: 'prod', service: 'api', instances: 2 },
    ]);
    expect(await found('ListShards', { node: 'node-1' }, 'shardId')).toEqual(['s0', 's2']);
    expect(await found('ListRoutes', { backend: 'api' }, 'routeId')).toEqual(['r1']);
    const [route] = await all('ListRoutes', { params: { backend: 'api' } });
    expect(route).toMatchObject({ table: 'edge', match: { host: 'h1.test', pathPrefix: '/a' } });
  });

  it('resolve keys and requests from memory', async () => {
    const shard = await node.query('ResolveShard', { params: { map: 'orders', key: '1zz' } });
    expect(shard.item).toMatchObject({ shardId: 's1', node: 'node-2' });
    const params = { table: 'edge', host: 'h0.test', path: '/a/b' };
    const route = await node.query('ResolveRoute', { params });
    expect(route.item).toMatchObject({ routeId: 'r0' });
    const nowhere = node.query('ResolveRoute', { params: { ...params, host: 'x' } });
    expect((await refusal(nowhere)).code).toBe('NOT_FOUND');
  });

  it('rewrite only the shard that moved', async () => {
    const before = await node.sql(`SELECT shard_id, xmin::text AS x FROM shard_v1 ORDER BY 1`);
    node.log.append(one, shards('ShardMoved', 'node-1', 'node-9', 'node-1'));
    node.catchUp();
    await node.settled();
    const after = await node.sql(`SELECT shard_id, xmin::text AS x FROM shard_v1 ORDER BY 1`);
    const moved = after.filter((row, at) => row['x'] !== before[at]?.['x']);
    expect(moved.map((row) => row['shard_id'])).toEqual(['s1']);
  });
});

describe('counts and history', () => {
  it('count records by a field', async () => {
    const counts = await all('CountBy', { params: { kind: 'resource', field: 'node' }, limit: 3 });
    const expected = resources(() => true).length;
    const sum = counts.reduce((total, item) => total + Number(item['count']), 0);
    expect(sum).toBe(expected);
    const error = await refusal(
      node.query('CountBy', { params: { kind: 'resource', field: 'x' } }),
    );
    expect(error.details['faults']).toEqual([
      { field: 'params.field', reason: expect.stringContaining('known: namespace, node') },
    ]);
  });

  it('tell what a record was, when and why', async () => {
    const one = partitionId(1);
    const first = node.log.append(one, assigned('acme', 'h-1', 'node-1'));
    node.log.append(one, assigned('acme', 'h-1', 'node-2'));
    node.catchUp();
    await node.settled();
    const params = { kind: 'resource', id: 'h-1' };
    const changes = await all('GetHistory', { params, limit: 1 });
    expect(changes).toMatchObject([
      { type: 'ResourceAssigned', actor: 'scheduler', record: { node: 'node-1', version: 1 } },
      { type: 'ResourceAssigned', validTo: null, record: { node: 'node-2', version: 2 } },
    ]);
    const at = new Date(first.time).toISOString();
    const then = await node.query('GetAsOf', { params: { ...params, at } });
    expect(then.item).toMatchObject({ id: 'h-1', node: 'node-1', version: 1 });
    const position = `m1.abc.1.${first.index + 1}`;
    const later = await node.query('GetAsOf', { params: { ...params, at: position } });
    expect(later.item).toMatchObject({ node: 'node-2', version: 2 });
    const before = new Date(first.time - 1).toISOString();
    const error = await refusal(node.query('GetAsOf', { params: { ...params, at: before } }));
    expect(error.code).toBe('NOT_FOUND');
  });
});

describe('freshness', () => {
  it('lets a reader see its own write', async () => {
    const entry = node.log.append(partitionId(2), assigned('acme', 'mine', 'node-77'));
    node.catchUp();
    const position = `m1.abc.2.${entry.index}`;
    const reply = await node.query('ListResources', { params: { node: 'node-77' }, position });
    expect(ids([...(reply.items ?? [])])).toEqual(['mine']);
    const index = Number(/m1\.abc\.2\.(\d+)/.exec(reply.position)?.[1]);
    expect(index).toBeGreaterThanOrEqual(entry.index);
  });

  it('is linearizable when asked', async () => {
    node.log.append(partitionId(3), assigned('acme', 'now', 'node-78'));
    node.catchUp();
    const request = { params: { node: 'node-78' }, consistency: 'linearizable' } as const;
    expect(ids([...((await node.query('ListResources', request)).items ?? [])])).toEqual(['now']);
  });

  it('refuses to answer from further back than maxLagMs', async () => {
    const request = { consistency: 'bounded', maxLagMs: 200, limit: 1 } as const;
    expect((await node.query('ListResources', request)).items).toHaveLength(1);
    node.boundMs = 300;
    const late = await refusal(node.query('ListResources', request));
    expect(late).toMatchObject({ code: 'POSITION_NOT_REACHED', details: { maxLagMs: 200 } });
    node.boundMs = Infinity;
    const params = { tenantId: 'acme' };
    const cutOff = await refusal(node.query('GetTenant', { ...request, params }));
    expect(cutOff.message).toContain('cut off from a leader');
    node.boundMs = 0;
  });

  it('refuses positions of another history and of partitions that do not exist', async () => {
    const other = await refusal(node.query('ListResources', { position: 'm1.xyz.1.1' }));
    expect(other.code).toBe('INCARNATION_CHANGED');
    const none = await refusal(node.query('ListResources', { position: 'm1.abc.99.1' }));
    expect(none.details['faults']).toMatchObject([{ field: 'position' }]);
  });
});

describe('bad requests', () => {
  it.each([
    [{ params: { nope: 1 } }, 'params.nope'],
    [{ params: { node: 7 } }, 'params.node'],
    [{ params: { node: 'a\u0000b' } }, 'params.node'],
    [{ limit: 1_001 }, 'limit'],
    [{ limit: 0 }, 'limit'],
    [{ cursor: 'garbage!' }, 'cursor'],
    [{ cursor: Buffer.from('{"v":1,"q":"x","k":[]}').toString('base64url') }, 'cursor'],
    [{ consistency: 'eventually' }, 'consistency'],
    [{ consistency: 'bounded' }, 'maxLagMs'],
    [{ position: 'm1.nonsense' }, 'position'],
    [{ namespace: 'other' }, 'namespace'],
  ])('name the field: %j', async (request, field) => {
    const error = await refusal(node.query('ListResources', request as QueryRequest));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details['faults']).toEqual(
      expect.arrayContaining([expect.objectContaining({ field })]),
    );
  });

  it('name a position that no partition can have', async () => {
    const params = { kind: 'resource', id: 'h-1', from: 'm1.x.9999999999.1' };
    const error = await refusal(node.query('GetHistory', { params }));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.details['faults']).toMatchObject([{ field: 'params.from' }]);
  });

  it('name a cursor whose keys are not of the types of their columns', async () => {
    const params = { kind: 'resource', id: 'r1' };
    const { cursor = '' } = await node.query('GetHistory', { params, limit: 1 });
    const parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as { k: unknown[] };
    const forged = (at: number, key: unknown): string => {
      const k = parsed.k.with(at, key);
      return Buffer.from(JSON.stringify({ ...parsed, k })).toString('base64url');
    };
    const page = await node.query('GetHistory', { params, cursor: forged(4, 0) });
    expect(page.items?.length).toBeGreaterThan(0);
    const wrong = ['text', -1, 1.5, '99999999999999999999'];
    const cases = [2, 3, 4].flatMap((at) => wrong.map((key) => ({ at, key })));
    for (const { at, key } of [...cases, { at: 2, key: 2 ** 31 }, { at: 0, key: 7 }]) {
      const error = await refusal(node.query('GetHistory', { params, cursor: forged(at, key) }));
      expect([at, key, error.code]).toEqual([at, key, 'INVALID_ARGUMENT']);
      expect(error.details['faults']).toMatchObject([{ field: 'cursor' }]);
    }
  });

  it('are no internal fault where only the database knows better', async () => {
    const text = 'SELECT FROM resource WHERE index = $1';
    const error = await refusal(node.projections.tables.select('resource', text, ['many']));
    expect(error.toBody().error).toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', definite: true, retryable: false },
    });
    expect(error.details['faults']).toMatchObject([{ field: 'params' }]);
  });

  it('say which queries there are', async () => {
    const error = await refusal(node.query('ListNothing'));
    expect(error.code).toBe('UNKNOWN_QUERY');
    expect(error.details['known']).toContain('ListResources');
  });

  it('refuse a cursor of another list', async () => {
    const { cursor = '' } = await node.query('ListResources', { limit: 1 });
    const error = await refusal(node.query('ListResources', { params: { node: 'x' }, cursor }));
    expect(error.message).toContain('belongs to another query');
  });
});
