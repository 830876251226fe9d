import fc from 'fast-check';
import { CELLS, hashBound, rangeBound } from './shard-map.model.js';

/** Random commands over few names, so that they meet each other. */
export interface RandomCommand {
  readonly command: string;
  readonly data: Record<string, unknown>;
}

type Data = fc.Arbitrary<Record<string, unknown>>;
const command = (name: string, data: Data): fc.Arbitrary<RandomCommand> =>
  data.map((fields) => ({ command: name, data: fields }));

const optional = { requiredKeys: [] };
const labels = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2'), {
  maxKeys: 2,
  noNullPrototype: true,
});
const node = fc.constantFrom('n1', 'n2');
const owner = fc.constantFrom('a', 'b');
const ttlMs = fc.constantFrom(100, 250);
const tenantId = fc.constantFrom('t1', 't2');
const named = { tenantId, resourceId: fc.constantFrom('r1', 'r2') };
const merged = (required: Data, more: Data): Data =>
  fc.tuple(required, more).map(([left, right]) => ({ ...left, ...right }));

const placeTenant = command(
  'PlaceTenant',
  merged(
    fc.record({ tenantId, cell: fc.constantFrom('eu', 'us') }),
    fc.record({ node, tier: fc.constant('gold'), labels }, optional),
  ),
);
const evictTenant = command('EvictTenant', fc.record({ tenantId }));
const assignResource = command(
  'AssignResource',
  merged(
    fc.record({ ...named, node }),
    fc.record({ kind: fc.constantFrom('gpu', 'cpu'), labels }, optional),
  ),
);
const releaseResource = command('ReleaseResource', fc.record(named));
const ttl = fc.record({ ttlMs }, optional);
const claim = command('ClaimOwnership', merged(fc.record({ ...named, owner }), ttl));
const transfer = command(
  'TransferOwnership',
  merged(fc.record({ ...named, from: owner, to: owner }), ttl),
);
const giveUp = command('ReleaseOwnership', fc.record({ ...named, owner }));

const service = fc.constantFrom('api', 'web');
const instanceId = fc.constantFrom('i1', 'i2', 'i3');
const register = command(
  'RegisterInstance',
  merged(
    fc.record({
      service,
      instanceId,
      address: fc.constant('h'),
      port: fc.constantFrom(1, 2),
      ttlMs,
    }),
    fc.record({ zone: fc.constant('z'), tags: fc.constant(['x']), metadata: labels }, optional),
  ),
);
const renew = command(
  'RenewInstances',
  fc.record({ service, instanceIds: fc.uniqueArray(instanceId, { minLength: 1 }) }),
);
const deregister = command('DeregisterInstance', fc.record({ service, instanceId }));

const map = fc.constantFrom('m1', 'm2');
const shardId = fc.constantFrom('s1', 's2', 's3', 's4');
const replicas = fc.constantFrom<string[]>([], ['n3']);
const cell = fc.integer({ min: 0, max: CELLS });
/** Mostly complete divisions; sometimes a bound is off, or an id stands twice. */
const createShardMap = command(
  'CreateShardMap',
  fc
    .record({
      map,
      keyspace: fc.constantFrom('hash', 'range'),
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: CELLS - 1 }), { maxLength: 3 }),
      ids: fc.oneof(
        { weight: 4, arbitrary: fc.constant(['s1', 's2', 's3', 's4']) },
        { weight: 1, arbitrary: fc.array(shardId, { minLength: 4, maxLength: 4 }) },
      ),
      node,
      slip: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: cell }),
    })
    .map(({ map: name, keyspace, cuts, ids, node: on, slip }) => {
      const bound = keyspace === 'hash' ? hashBound : rangeBound;
      const bounds = [0, ...[...cuts].sort((a, b) => a - b), CELLS];
      const shards = bounds.slice(1).map((to, at) => {
        const end = bound(slip !== null && at === 0 ? slip : to);
        return { shardId: ids[at], start: bound(bounds[at] as number), end, node: on };
      });
      return { map: name, keyspace, shards };
    }),
);
const splitShard = command(
  'SplitShard',
  merged(
    fc.record({
      map,
      shardId,
      newShardId: shardId,
      at: fc.oneof(cell.map(hashBound), cell.map(rangeBound)),
    }),
    fc.record({ node, replicas }, optional),
  ),
);
const mergeShards = command('MergeShards', fc.record({ map, into: shardId, from: shardId }));
const moveShard = command(
  'MoveShard',
  merged(fc.record({ map, shardId, node }), fc.record({ replicas }, optional)),
);
const dropShardMap = command('DropShardMap', fc.record({ map }));

const route = { table: fc.constantFrom('web', 'api'), routeId: fc.constantFrom('r1', 'r2', 'r3') };
const match = fc.record(
  {
    host: fc.constantFrom('a.org', 'A.org', '*.a.org'),
    pathPrefix: fc.constantFrom('/', '/v1', '/v1/'),
    headers: fc.constantFrom<Record<string, string>>({}, { 'X-Env': 'a' }, { 'x-env': 'a' }),
  },
  optional,
);
const targets = fc.array(
  fc.record({ backend: fc.constantFrom('blue', 'green'), weight: fc.constantFrom(0, 1, 10_000) }),
  { minLength: 1, maxLength: 2 },
);
const putRoute = command(
  'PutRoute',
  merged(
    fc.record({ ...route, match, targets }),
    fc.record({ priority: fc.constantFrom(0, 1) }, optional),
  ),
);
const removeRoute = command('RemoveRoute', fc.record(route));

const weighted = (...parts: [number, fc.Arbitrary<RandomCommand>][]) =>
  fc.oneof(...parts.map(([weight, arbitrary]) => ({ weight, arbitrary })));

/** By kind; tenants and resources are told apart by what is more frequent. */
export const COMMANDS: Readonly<Record<string, fc.Arbitrary<RandomCommand>>> = {
  tenant: weighted([4, placeTenant], [3, evictTenant], [2, assignResource], [1, releaseResource]),
  resource: weighted(
    [4, assignResource],
    [2, releaseResource],
    [5, claim],
    [3, transfer],
    [2, giveUp],
    [1, placeTenant],
    [1, evictTenant],
  ),
  instance: weighted([4, register], [3, renew], [1, deregister]),
  'shard-map': weighted(
    [3, createShardMap],
    [5, splitShard],
    [4, mergeShards],
    [2, moveShard],
    [1, dropShardMap],
  ),
  'routing-table': weighted([3, putRoute], [1, removeRoute]),
};
