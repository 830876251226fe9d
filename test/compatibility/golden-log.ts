import { KINDS } from '../../src/kinds/index.js';
import { MachineLog } from '../../src/decide/testing/machine-log.js';

const db1 = { tenantId: 'acme', resourceId: 'db-1' };
const halves = [
  { shardId: 'low', start: '', end: 'm', node: 'n1' },
  { shardId: 'high', start: 'm', end: '', node: 'n2', replicas: ['n3'] },
];
const blue = [{ backend: 'blue', weight: 1 }];

/** Every command and every rule at least once, as a cluster of this feature level would log it. */
export function writeGoldenLog(level: number): MachineLog {
  const log = new MachineLog(KINDS);
  log.elect();
  const send = (
    command: string,
    data: Record<string, unknown>,
    expect?: Record<string, unknown>,
  ) => {
    log.now += 10;
    return log.send(command, data, expect === undefined ? { level } : { level, expect });
  };
  placements(send);
  ownership(log, send);
  instances(log, send);
  shardMaps(send);
  routes(send);
  send('Batch', {
    commands: [
      { command: 'ReleaseResource', data: { tenantId: 'globex', resourceId: 'q' } },
      { command: 'EvictTenant', data: { tenantId: 'globex' }, expect: { version: 1 } },
    ],
  });
  log.settings({ commandsRememberedMax: 50_000 });
  const commandId = log.freshId();
  for (const cell of ['eu', 'eu', 'us']) {
    log.send('PlaceTenant', { tenantId: 'again', cell }, { commandId, level });
  }
  const late = { level, deadline: '1970-01-01T00:00:00Z' };
  log.send('PlaceTenant', { tenantId: 'late', cell: 'eu' }, late);
  return log;
}

type Send = (
  command: string,
  data: Record<string, unknown>,
  expect?: Record<string, unknown>,
) => unknown;

function placements(send: Send): void {
  send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1', tier: 'gold', labels: { é: '😀' } });
  send('PlaceTenant', { tenantId: 'acme', cell: 'eu-1', labels: { é: '😀' }, tier: 'gold' });
  send('PlaceTenant', { tenantId: 'acme', cell: 'eu-2', node: 'n1' }, { version: 1 });
  send('PlaceTenant', { tenantId: 'globex', cell: 'us-1' }, { absent: true });
  send('PlaceTenant', { tenantId: 'globex', cell: 'us-2' }, { absent: true });
  send('AssignResource', { ...db1, node: 'n1', kind: 'gpu', labels: { qos: 'LS' } });
  send('AssignResource', { tenantId: 'globex', resourceId: 'q', node: 'n3' });
  send('EvictTenant', { tenantId: 'acme' });
  send('AssignResource', { ...db1, node: 'n2' }, { node: 'n9' });
  send('AssignResource', { ...db1, node: 'n2' }, { node: 'n1' });
  send('ReleaseResource', { tenantId: 'acme', resourceId: 'none' });
}

function ownership(log: MachineLog, send: Send): void {
  send('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 1_000 });
  send('ClaimOwnership', { ...db1, owner: 'b', ttlMs: 1_000 });
  send('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 1_000 });
  send('ClaimOwnership', { ...db1, owner: 'a', ttlMs: 2_000 });
  send('TransferOwnership', { ...db1, from: 'b', to: 'c' });
  send('TransferOwnership', { ...db1, from: 'a', to: 'c', ttlMs: 500 });
  send('ReleaseResource', db1);
  log.now += 400;
  log.expire();
  log.elect();
  log.expire();
  log.now += 501;
  log.expire();
  send('ClaimOwnership', { ...db1, owner: 'd' });
  send('ReleaseOwnership', { ...db1, owner: 'c' });
  send('ReleaseOwnership', { ...db1, owner: 'd' });
  send('ClaimOwnership', { ...db1, owner: 'e', ttlMs: 30_000 });
}

function instances(log: MachineLog, send: Send): void {
  const api = { service: 'api', address: '10.0.0.1', port: 8080, ttlMs: 1_000 };
  for (const instanceId of ['i-1', 'i-2', 'i-3']) send('RegisterInstance', { ...api, instanceId });
  send('RegisterInstance', {
    ...api,
    instanceId: 'i-1',
    zone: 'a',
    tags: ['x'],
    metadata: { v: '1' },
  });
  log.now += 600;
  send('RenewInstances', { service: 'api', instanceIds: ['i-1', 'gone'] });
  const renewal = { commandId: log.freshId(), data: { service: 'api', instanceIds: ['i-2'] } };
  log.renew('RenewInstances', [renewal, renewal]);
  log.now += 500;
  log.expire();
  send('DeregisterInstance', { service: 'api', instanceId: 'i-2' });
  send('DeregisterInstance', { service: 'api', instanceId: 'i-2' });
}

function shardMaps(send: Send): void {
  const map = 'users';
  send('CreateShardMap', { map, keyspace: 'range', shards: halves.slice(0, 1) });
  send('CreateShardMap', { map, keyspace: 'range', shards: halves });
  send('SplitShard', { map, shardId: 'high', at: 't', newShardId: 'top' });
  send('SplitShard', { map, shardId: 'high', at: 'a', newShardId: 'other' });
  send('MergeShards', { map, into: 'low', from: 'top' });
  send('MergeShards', { map, into: 'low', from: 'high' });
  send('MoveShard', { map, shardId: 'low', node: 'n7', replicas: ['n8'] });
  const all = [{ shardId: 'all', start: 0, end: 2 ** 32, node: 'n1' }];
  send('CreateShardMap', { map: 'blobs', keyspace: 'hash', shards: all });
  send('SplitShard', { map: 'blobs', shardId: 'all', at: 2 ** 31, newShardId: 'up', node: 'n4' });
  send('CreateShardMap', { map: 'gone', keyspace: 'hash', shards: all });
  send('DropShardMap', { map: 'gone' });
}

function routes(send: Send): void {
  const put = (routeId: string, match: object, more: object = {}) =>
    send('PutRoute', { table: 'web', routeId, match, targets: blue, ...more });
  put('r1', { host: 'A.example.org', pathPrefix: '/v1/', headers: { 'X-Env': 'prod' } });
  put('r2', { host: '*.example.org' }, { priority: 5 });
  put('r3', { host: '*.EXAMPLE.org' }, { priority: 5 });
  put('r4', {}, { targets: [{ backend: 'off', weight: 0 }] });
  send('RemoveRoute', { table: 'web', routeId: 'r2' });
  send('RemoveRoute', { table: 'web', routeId: 'r2' });
}
