import type { Fields, Wire } from './wire.js';

/** Records of the suite: few, but with every combination of what lists can be asked for. */
export interface Sample {
  readonly tenants: readonly Fields[];
  readonly resources: readonly Fields[];
  readonly instances: readonly Fields[];
  readonly shards: readonly Fields[];
  readonly routes: readonly Fields[];
}

export const NAMESPACES = ['prod', 'stage'] as const;
const size = 12;
const pick = (list: readonly string[], at: number): string => list[at % list.length] ?? '';
const numbered = <T>(make: (at: number) => T): T[] =>
  Array.from({ length: size }, (_, at) => make(at));

function tenantsOf(namespace: string): Fields[] {
  return numbered((at) => ({
    ...{ namespace, tenantId: `t-${at}`, cell: pick(['eu-1', 'us-1'], at) },
    ...(at % 3 !== 0 && { node: pick(['node-a', 'node-b'], at) }),
    ...(at % 4 !== 0 && { tier: pick(['gold', 'silver', 'gold'], at) }),
    labels: at % 5 === 0 ? {} : { zone: pick(['z1', 'z2'], at), note: 'é中 "x"' },
  }));
}

function resourcesOf(namespace: string): Fields[] {
  return numbered((at) => ({
    ...{ namespace, tenantId: pick(['t-0', 't-1', 't-2'], at), resourceId: `r.${at}` },
    node: pick(['node-a', 'node-b'], at >> 1),
    ...(at % 3 !== 0 && { kind: pick(['db', 'queue'], at) }),
    ...(at % 4 === 1 && { owner: pick(['me', 'you'], at >> 2) }),
    labels: at % 2 === 0 ? { zone: 'z1' } : { zone: 'z2', app: 'web' },
  }));
}

function instancesOf(namespace: string): Fields[] {
  return numbered((at) => ({
    ...{ namespace, service: pick(['api', 'jobs'], at), instanceId: `i-${at}` },
    ...{ address: `10.0.0.${at}`, port: 8_000 + at, ttlMs: 3_600_000 },
    ...(at % 3 !== 0 && { zone: pick(['z1', 'z2'], at) }),
    tags: at % 4 < 2 ? ['blue', `n${at}`] : [],
    metadata: { build: String(at) },
  }));
}

const middle = 2 ** 31;
const shardsOf = (namespace: string): Fields[] => [
  { namespace, map: 'hashed', shardId: 's0', start: 0, end: middle, node: 'node-a' },
  {
    ...{ namespace, map: 'hashed', shardId: 's1', start: middle, end: 2 ** 32, node: 'node-b' },
    replicas: ['node-a'],
  },
  { namespace, map: 'ranged', shardId: 'low', start: '', end: 'm', node: 'node-a' },
  { namespace, map: 'ranged', shardId: 'top', start: 'm', end: '', node: 'node-c' },
];

const routesOf = (namespace: string): Fields[] => [
  {
    ...{ namespace, table: 'web', routeId: 'all', match: {} },
    ...{ targets: [{ backend: 'blue', weight: 1 }], priority: -1 },
  },
  {
    ...{
      namespace,
      table: 'web',
      routeId: 'api',
      match: { host: 'a.example', pathPrefix: '/api' },
    },
    targets: [
      { backend: 'green', weight: 9 },
      { backend: 'blue', weight: 1 },
    ],
  },
  {
    ...{ namespace, table: 'web', routeId: 'beta' },
    match: { host: 'a.example', headers: { 'x-beta': 'yes' } },
    ...{ targets: [{ backend: 'beta', weight: 1 }], priority: 7 },
  },
];

export const SAMPLE: Sample = {
  tenants: NAMESPACES.flatMap(tenantsOf),
  resources: NAMESPACES.flatMap(resourcesOf),
  instances: NAMESPACES.flatMap(instancesOf),
  shards: NAMESPACES.flatMap(shardsOf),
  routes: NAMESPACES.flatMap(routesOf),
};

/** Writes them all; resolves with the positions of the writes, joined. */
export async function writeSample(wire: Wire): Promise<string> {
  const positions = new Map<string, string>();
  const send = async (name: string, { namespace, ...data }: Fields): Promise<void> => {
    const { position } = await wire.done(name, data, {}, String(namespace));
    const partition = String(position).split('.').slice(0, 3).join('.');
    positions.set(partition, String(position));
  };
  for (const tenant of SAMPLE.tenants) await send('PlaceTenant', tenant);
  for (const { owner, ...resource } of SAMPLE.resources) {
    await send('AssignResource', resource);
    const { namespace, tenantId, resourceId } = resource;
    const name = { namespace, tenantId, resourceId };
    if (owner !== undefined) await send('ClaimOwnership', { ...name, owner, ttlMs: 3_600_000 });
  }
  for (const instance of SAMPLE.instances) await send('RegisterInstance', instance);
  for (const namespace of NAMESPACES) {
    for (const map of ['hashed', 'ranged']) {
      const own = SAMPLE.shards.filter(
        (one) => one['namespace'] === namespace && one['map'] === map,
      );
      const shards = own.map(({ namespace: _namespace, map: _map, ...shard }) => shard);
      const keyspace = map === 'hashed' ? 'hash' : 'range';
      await send('CreateShardMap', { namespace, map, keyspace, shards });
    }
  }
  for (const route of SAMPLE.routes) await send('PutRoute', route);
  return [...positions.values()].join(',');
}
