import type { Body } from './way.js';

/** One call of the script; `tag` keeps the records of one way apart from those of the others. */
export interface Step {
  readonly what: string;
  readonly kind: 'command' | 'query';
  readonly name: string;
  readonly body: Body;
}

const command = (what: string, name: string, body: Body): Step => ({
  ...{ what, kind: 'command', name, body },
});
const query = (what: string, name: string, body: Body): Step => ({
  ...{ what, kind: 'query', name, body },
});

/** A UUID that is the same for the same step of the same way. */
const idOf = (tag: number, step: number): string =>
  `0199aaaa-${tag.toString(16).padStart(4, '0')}-7000-8000-${step.toString(16).padStart(12, '0')}`;

/** Calls whose answers do not depend on the way they took: every sort of answer there is. */
export function script(tag: number): readonly Step[] {
  const tenantId = `tenant-${tag}`;
  const other = `other-${tag}`;
  const resource = { tenantId, resourceId: 'db-1' };
  const by = (step: number): Body => ({ commandId: idOf(tag, step) });
  const place = { tenantId, cell: 'eu-1', tier: 'gold', labels: { team: 'é中' } };
  const assign = { ...resource, node: 'node-a', kind: 'database' };
  const service = `svc-${tag}`;
  const instance = { service, instanceId: 'i-1' };
  const map = `map-${tag}`;
  const shards = [{ shardId: 's0', start: 0, end: 2 ** 32, node: 'node-a' }];
  const table = `table-${tag}`;
  const route = {
    routeId: 'r1',
    match: { host: 'a.example' },
    targets: [{ backend: 'b', weight: 1 }],
  };
  const elsewhere = Array.from({ length: 8 }, (_, at) => ({
    ...{ command: 'PlaceTenant', data: { tenantId: `${other}-${at}`, cell: 'eu-1' } },
  }));
  return [
    command('creates', 'PlaceTenant', { ...by(1), data: place, meta: { actor: 'suite' } }),
    command('repeats the command', 'PlaceTenant', {
      ...by(1),
      data: place,
      meta: { actor: 'suite' },
    }),
    command('reuses its id', 'PlaceTenant', { ...by(1), data: { ...place, cell: 'us-1' } }),
    command('changes nothing', 'PlaceTenant', { ...by(2), data: place }),
    command('expects absence', 'PlaceTenant', { ...by(3), data: place, expect: { absent: true } }),
    command('assigns', 'AssignResource', { ...by(4), data: assign, expect: { absent: true } }),
    command('expects a version', 'AssignResource', {
      ...by(5),
      data: assign,
      expect: { version: 9 },
    }),
    command('expects a field', 'AssignResource', { ...by(6), data: assign, expect: { node: 'z' } }),
    command('moves', 'AssignResource', { ...by(7), data: { ...assign, node: 'node-b' } }),
    command('claims', 'ClaimOwnership', { ...by(8), data: { ...resource, owner: 'me' } }),
    command('claims what is owned', 'ClaimOwnership', {
      ...by(9),
      data: { ...resource, owner: 'you' },
    }),
    command('releases what is owned', 'ReleaseResource', { ...by(10), data: resource }),
    command('evicts too early', 'EvictTenant', { ...by(11), data: { tenantId } }),
    command('tries without effect', 'ReleaseOwnership', {
      ...by(12),
      data: { ...resource, owner: 'me' },
      dryRun: true,
    }),
    command('is late', 'AssignResource', {
      ...by(13),
      data: assign,
      deadline: '2020-01-01T00:00:00.000Z',
    }),
    command('is not known', 'PaintFence', { ...by(14), data: {} }),
    command('lacks fields', 'AssignResource', { ...by(15), data: { tenantId } }),
    command('has unknown fields', 'AssignResource', { ...by(16), data: { ...assign, colour: 1 } }),
    command('has no proper id', 'AssignResource', { commandId: 'nope', data: assign }),
    command('works as a batch', 'Batch', {
      ...by(17),
      data: {
        commands: [
          { command: 'AssignResource', data: { ...assign, resourceId: 'db-2' } },
          { command: 'AssignResource', data: { ...assign, resourceId: 'db-3' } },
        ],
      },
    }),
    command('crosses partitions', 'Batch', { ...by(18), data: { commands: elsewhere } }),
    command('registers', 'RegisterInstance', {
      ...by(19),
      data: { ...instance, address: '10.0.0.1', port: 80, ttlMs: 600_000 },
    }),
    command('renews', 'RenewInstances', {
      ...by(20),
      data: { service, instanceIds: ['i-1', 'i-2'] },
    }),
    command('deregisters', 'DeregisterInstance', { ...by(21), data: instance }),
    command('maps', 'CreateShardMap', { ...by(22), data: { map, keyspace: 'hash', shards } }),
    command('maps with a gap', 'CreateShardMap', {
      ...by(23),
      data: { map: `${map}-x`, keyspace: 'hash', shards: [{ ...shards[0], end: 7 }] },
    }),
    command('routes', 'PutRoute', { ...by(24), data: { table, ...route } }),
    command('routes alike', 'PutRoute', { ...by(25), data: { table, ...route, routeId: 'r2' } }),
    ...hostileCommands(by, assign),
    ...hostileQueries(tenantId),
    ...queries({ tenantId, resource, map, table, outcome: idOf(tag, 4) }),
  ];
}

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

/** What no honest client sends: each is refused at the door, by name, and changes nothing. */
function hostileCommands(by: (step: number) => Body, assign: Body): readonly Step[] {
  const refused = (what: string, step: number, data: Body): Step =>
    command(what, 'AssignResource', { ...by(step), data: { ...assign, ...data } });
  return [
    refused('nests too deep', 40, { labels: nested(200) }),
    refused('has wrong types', 41, { tenantId: 7, resourceId: ['x'], node: null, labels: 'x' }),
    refused('is too large', 42, { labels: { x: 'y'.repeat(300_000) } }),
    refused('has control characters', 43, { resourceId: 'a\u0000b' }),
    refused('has half a character', 44, { resourceId: '\ud800' }),
    refused('climbs out of its key', 45, { resourceId: '../../tenants/x' }),
    refused('names a prototype', 46, { labels: JSON.parse('{"__proto__":"x"}') as Body }),
    refused('has too many labels', 47, {
      labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x'])),
    }),
    command('expects nonsense', 'AssignResource', { ...by(48), data: assign, expect: 'yes' }),
    command('expects a bad version', 'AssignResource', {
      ...by(49),
      data: assign,
      expect: { version: -1 },
    }),
    command('has a list for data', 'AssignResource', { ...by(50), data: [] as unknown }),
    command('has bad metadata', 'AssignResource', { ...by(51), data: assign, meta: { actor: 7 } }),
  ];
}

function hostileQueries(tenantId: string): readonly Step[] {
  const list = (what: string, body: Body): Step =>
    query(what, 'ListResources', { params: { tenantId }, ...body });
  const forged = { v: 1, q: 'AAAAAAAAAAAAAAAA', k: ['prod', "x' OR 1=1"] };
  return [
    list('has an unknown parameter', { params: { tenantId, colour: 1 } }),
    list('has a wrong type', { params: { tenantId: { $ne: null } } }),
    list('has an unknown consistency', { consistency: 'strong' }),
    list('has no cursor of ours', { cursor: '!!!' }),
    list('has a forged cursor', {
      cursor: Buffer.from(JSON.stringify(forged)).toString('base64url'),
    }),
    list('asks for too much', { limit: 100_000 }),
    list('asks for less than nothing', { limit: -1 }),
    list('has a lag in words', { consistency: 'bounded', maxLagMs: 'none' }),
    list('has a number for a position', { position: 7 }),
    query('nests too deep', 'GetResource', { params: { tenantId, resourceId: nested(200) } }),
    query('is too large', 'GetTenant', { params: { tenantId: 'y'.repeat(300_000) } }),
  ];
}

interface Asked {
  readonly tenantId: string;
  readonly resource: Body;
  readonly map: string;
  readonly table: string;
  readonly outcome: string;
}

function queries({ tenantId, resource, map, table, outcome }: Asked): readonly Step[] {
  const strictly = { consistency: 'linearizable' };
  return [
    query('looks up', 'GetTenant', { params: { tenantId }, ...strictly }),
    query('looks up owned', 'GetResource', { params: resource, ...strictly }),
    query('finds nothing', 'GetTenant', { params: { tenantId: 'nobody' }, ...strictly }),
    query('lacks parameters', 'GetResource', { params: { tenantId } }),
    query('is not known', 'GuessTenant', { params: { tenantId } }),
    query('lacks its bound', 'GetTenant', { params: { tenantId }, consistency: 'bounded' }),
    query('is bounded', 'GetTenant', {
      params: { tenantId },
      consistency: 'bounded',
      maxLagMs: 60_000,
    }),
    query('is of another history', 'GetTenant', { params: { tenantId }, position: 'm1.zz.1.1' }),
    query('has a bad position', 'GetTenant', { params: { tenantId }, position: 'yesterday' }),
    query('resolves a shard', 'ResolveShard', { params: { map, key: 'k' }, ...strictly }),
    query('resolves a route', 'ResolveRoute', {
      params: { table, host: 'a.example', path: '/' },
      ...strictly,
    }),
    query('asks what became of a command', 'GetCommandOutcome', {
      params: { commandId: outcome, key: `tenants/${tenantId}/resources/db-1` },
      ...strictly,
    }),
    query('lists', 'ListResources', { params: { tenantId }, ...strictly }),
    query('lists a page', 'ListResources', { params: { tenantId }, limit: 1, ...strictly }),
    query('asks for history', 'GetHistory', {
      params: { kind: 'tenant', id: tenantId },
      ...strictly,
    }),
  ];
}
