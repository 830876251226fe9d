import { describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { SAMPLE } from './sample.js';
import { replyOf, type Fields } from './wire.js';

interface List {
  readonly query: string;
  readonly rows: readonly Fields[];
  /** A row's id within its namespace, as the list is ordered by. */
  readonly id: readonly string[];
  readonly filters: Fields;
}

const LISTS: readonly List[] = [
  {
    ...{ query: 'ListTenants', rows: SAMPLE.tenants, id: ['tenantId'] },
    filters: { cell: 'us-1', node: 'node-b', tier: 'silver', label: 'zone=z2' },
  },
  {
    ...{ query: 'ListResources', rows: SAMPLE.resources, id: ['resourceId', 'tenantId'] },
    filters: { tenantId: 't-2', node: 'node-a', owner: 'you', kind: 'queue', label: 'app' },
  },
  {
    ...{ query: 'ListInstances', rows: SAMPLE.instances, id: ['service', 'instanceId'] },
    filters: { service: 'jobs', zone: 'z2', tag: 'blue' },
  },
  {
    ...{ query: 'ListShards', rows: SAMPLE.shards, id: ['map', 'shardId'] },
    filters: { node: 'node-a' },
  },
  {
    ...{ query: 'ListRoutes', rows: SAMPLE.routes, id: ['table', 'routeId'] },
    filters: { backend: 'blue' },
  },
];

/** All ways to leave some of the filters out. */
function subsets(filters: Fields): Fields[] {
  return Object.entries(filters).reduce<Fields[]>(
    (all, [name, value]) => [...all, ...all.map((some) => ({ ...some, [name]: value }))],
    [{}],
  );
}

/** What a parameter means, told without any part of the product. */
function passes(row: Fields, name: string, wanted: unknown): boolean {
  if (name === 'label') return labelPasses((row['labels'] ?? {}) as Fields, wanted);
  if (name === 'tag') return (row['tags'] as unknown[]).includes(wanted);
  if (name !== 'backend') return row[name] === wanted;
  return (row['targets'] as Fields[]).some(({ backend }) => backend === wanted);
}

function labelPasses(labels: Fields, wanted: unknown): boolean {
  if (typeof wanted !== 'string') {
    return Object.entries(wanted as Fields).every(([name, value]) => labels[name] === value);
  }
  const [name = '', value] = wanted.split(/=(.*)/s, 2);
  return value === undefined ? name in labels : labels[name] === value;
}

function expectedOf({ rows, id }: List, namespace: string, params: Fields): Fields[] {
  const key = (row: Fields): string =>
    ['namespace', ...id].map((name) => String(row[name])).join('\0');
  return rows
    .filter((row) => namespace === '_all' || row['namespace'] === namespace)
    .filter((row) => Object.entries(params).every((param) => passes(row, ...param)))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

export function listsChapter(bench: () => Bench): void {
  describe('lists', () => {
    it.each(LISTS.flatMap((list) => ['prod', '_all'].map((namespace) => ({ list, namespace }))))(
      '$list.query answers every combination of its filters in $namespace, page by page',
      async ({ list, namespace }) => {
        const { wire, written: position } = bench();
        for (const params of subsets(list.filters)) {
          const expected = expectedOf(list, namespace, params);
          const items = await wire.list(list.query, params, namespace, { position, limit: 3 });
          expect({ params, items }).toMatchObject({ params, items: expected });
          expect(items).toHaveLength(expected.length);
        }
      },
      120_000,
    );

    it.each([['app=web'], ['app'], [{ app: 'web' }], [{ app: 'web', zone: 'z2' }], ['zone=z9']])(
      'takes a label as %j',
      async (label) => {
        const { wire, written: position } = bench();
        const list = LISTS[1] as List;
        const items = await wire.list('ListResources', { label }, 'prod', { position });
        expect(items).toMatchObject(expectedOf(list, 'prod', { label }));
      },
    );

    it('ListServices counts the instances of each service', async () => {
      const { wire, written: position } = bench();
      const all = await wire.list('ListServices', {}, '_all', { position, limit: 1 });
      expect(all).toEqual(
        ['prod', 'stage'].flatMap((namespace) =>
          ['api', 'jobs'].map((service) => ({ namespace, service, instances: 6 })),
        ),
      );
    });

    it.each([
      ['tenant', 'cell', { 'eu-1': 6, 'us-1': 6 }],
      ['resource', 'node', { 'node-a': 6, 'node-b': 6 }],
      ['resource', 'tenantId', { 't-0': 4, 't-1': 4, 't-2': 4 }],
      ['resource', 'owner', { me: 2, you: 1, null: 9 }],
      ['instance', 'service', { api: 6, jobs: 6 }],
      ['shard-map', 'node', { 'node-a': 2, 'node-b': 1, 'node-c': 1 }],
      ['routing-table', 'table', { web: 3 }],
    ])('CountBy counts %s by %s', async (kind, field, expected) => {
      const { wire, written: position } = bench();
      const items = await wire.list('CountBy', { kind, field }, 'prod', { position, limit: 1 });
      const counted = items.map(({ value, count }) => [String(value), count]);
      expect(Object.fromEntries(counted)).toEqual(expected);
    });

    it('ends a page at 512 KiB, and goes on behind it', async () => {
      const { wire } = bench();
      const labels = Object.fromEntries(
        Array.from({ length: 60 }, (_, at) => [`label-${at}`, 'x'.repeat(240)]),
      );
      const ids = Array.from({ length: 45 }, (_, at) => `big-${at}`).sort();
      const replies = await Promise.all(
        ids.map((resourceId) =>
          wire.done(
            'AssignResource',
            { tenantId: 'bulk', resourceId, node: 'n', labels },
            {},
            'bulk',
          ),
        ),
      );
      const position = replies.map((reply) => String(reply['position'])).join(',');
      const request = { params: { tenantId: 'bulk' }, limit: 1_000, position };
      const first = replyOf(await wire.query('ListResources', request, 'bulk'));
      const bytes = Buffer.byteLength(JSON.stringify(first['items']));
      expect(bytes).toBeLessThanOrEqual(512 * 1024);
      expect(bytes).toBeGreaterThan(400 * 1024);
      const { cursor } = first;
      const rest = replyOf(await wire.query('ListResources', { ...request, cursor }, 'bulk'));
      const all = [...(first['items'] as Fields[]), ...(rest['items'] as Fields[])];
      expect(all.map(({ resourceId }) => resourceId)).toEqual(ids);
      expect(rest['cursor']).toBeUndefined();
    });

    it.each([
      ['limit', { limit: 1_001 }],
      ['limit', { limit: 0 }],
      ['cursor', { cursor: 'nonsense' }],
      ['maxLagMs', { consistency: 'bounded' }],
      ['consistency', { consistency: 'eventual' }],
    ])('names %s when %j is asked', async (field, more) => {
      const { error } = await bench().wire.query('ListTenants', { params: {}, ...more });
      expect(error?.details['faults']).toEqual([expect.objectContaining({ field })]);
    });

    it('takes no cursor of another list', async () => {
      const { wire, written: position } = bench();
      const request = { params: {}, limit: 1, position };
      const { cursor } = replyOf(await wire.query('ListTenants', request));
      const { error } = await wire.query('ListTenants', { params: { cell: 'eu-1' }, cursor });
      expect(error?.details['faults']).toEqual([expect.objectContaining({ field: 'cursor' })]);
    });
  });
}
