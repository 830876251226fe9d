import { describe, expect, it } from '@jest/globals';
import type { FieldFault, MetadError } from '@metad/contract';
import { checkCommand } from './check-command.js';
import { KINDS } from './index.js';
import type { Routing } from './kind.js';

const partitionOf = ({ key }: Routing): number => (key.includes('acme') ? 1 : 2);
const check = (command: string, data: Record<string, unknown>, expected?: unknown) =>
  checkCommand(KINDS, 'prod', command, { data, expect: expected }, partitionOf);
const refusal = (command: string, data: Record<string, unknown>, expected?: unknown) => {
  try {
    check(command, data, expected);
  } catch (error) {
    return error as MetadError;
  }
  throw new Error('was not refused');
};
const faults = (command: string, data: Record<string, unknown>, expected?: unknown) =>
  (refusal(command, data, expected).details['faults'] as FieldFault[]).map(({ field }) => field);
const db1 = { tenantId: 'acme', resourceId: 'db-1' };

describe('a command at the door', () => {
  it('is known by name', () => {
    const error = refusal('PlaceTennant', {});
    expect(error.code).toBe('UNKNOWN_COMMAND');
    expect(error.details['known']).toContain('PlaceTenant');
  });

  it('names every faulty field', () => {
    expect(faults('AssignResource', { tenantId: '', node: 7, extra: 1 })).toEqual([
      'data.tenantId',
      'data.resourceId',
      'data.node',
      'data.extra',
    ]);
  });

  it.each([
    ['a slash', 'a/b'],
    ['NUL', 'a\0'],
    ['a control character', 'a\u0085'],
    ['half a surrogate pair', 'a\ud800'],
    ['nothing', ''],
    ['513 bytes', 'é'.repeat(256) + 'x'],
  ])('refuses an id with %s', (_what, tenantId) => {
    expect(faults('EvictTenant', { tenantId })).toContain('data.tenantId');
  });

  it('takes an id of 512 bytes, but no key of more', () => {
    expect(check('EvictTenant', { tenantId: 'é'.repeat(256) }).partition).toBe(2);
    const half = 'x'.repeat(256);
    expect(faults('ReleaseResource', { tenantId: half, resourceId: half })).toEqual([
      'data.resourceId',
    ]);
  });

  it('limits labels: 64 of 256 bytes', () => {
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`l${at}`, 'x']));
    const placed = { tenantId: 'acme', cell: 'eu' };
    expect(faults('PlaceTenant', { ...placed, labels: many })).toEqual(['data.labels']);
    const long = { ok: 'x'.repeat(256), long: 'x'.repeat(257) };
    expect(faults('PlaceTenant', { ...placed, labels: long })).toEqual(['data.labels.long']);
    expect(faults('PlaceTenant', { ...placed, labels: { a: 1 } })).toEqual(['data.labels.a']);
  });

  it('routes a tenant to the partition of its resources', () => {
    const routed: Routing[] = [];
    const spy = (routing: Routing) => routed.push(routing);
    checkCommand(KINDS, 'prod', 'EvictTenant', { data: { tenantId: 'acme' } }, spy);
    checkCommand(KINDS, 'prod', 'ReleaseResource', { data: db1 }, spy);
    const [tenant, resource] = routed;
    expect(tenant).toEqual({ key: 'tenants/acme/resources', prefix: true });
    expect(resource).toEqual({ key: 'tenants/acme/resources/db-1', prefix: false });
  });

  it('routes renewals to the partition of the instances', () => {
    const renew = KINDS.command('RenewInstances')?.definition;
    const one = KINDS.command('DeregisterInstance')?.definition;
    const service = { service: 'api', instanceId: 'i', instanceIds: ['i'] };
    expect(renew?.routing('prod', service)).toEqual({ key: 'services/prod/api', prefix: true });
    expect(one?.routing('prod', service)).toEqual({ key: 'services/prod/api/i', prefix: false });
  });

  it('refuses an expectation for a command about many records', () => {
    const data = { service: 'api', instanceIds: ['i'] };
    expect(faults('RenewInstances', data, { exists: true })).toEqual(['expect']);
  });

  it.each([
    ['RegisterInstance', { service: 's', instanceId: 'i', address: 'a', port: 0, ttlMs: 5 }],
    ['PutRoute', { table: 't', routeId: 'r', match: { host: 'a..b' }, targets: [] }],
    ['CreateShardMap', { map: 'm', keyspace: 'hash', shards: [{ shardId: 's', start: '' }] }],
  ])('refuses a malformed %s', (command, data) => {
    expect(refusal(command, data).code).toBe('INVALID_ARGUMENT');
  });
});

describe('a batch at the door', () => {
  const release = { command: 'ReleaseResource', data: db1 };
  const elsewhere = { command: 'EvictTenant', data: { tenantId: 'other' } };

  it('is routed as its commands are', () => {
    expect(check('Batch', { commands: [release, release] })).toMatchObject({
      partition: 1,
      grows: false,
    });
    const assign = { command: 'AssignResource', data: { ...db1, node: 'n1' } };
    expect(check('Batch', { commands: [release, assign] }).grows).toBe(true);
  });

  it('tells which keys lie where when they are not together', () => {
    const error = refusal('Batch', { commands: [release, elsewhere] });
    expect(error.code).toBe('CROSS_PARTITION');
    expect(error.details['keys']).toEqual([
      { at: 0, command: 'ReleaseResource', key: 'tenants/acme/resources/db-1', partition: 1 },
      { at: 1, command: 'EvictTenant', key: 'tenants/other/resources', partition: 2 },
    ]);
  });

  it('holds at most 128 commands, and the error says so', () => {
    const commands = Array.from({ length: 129 }, () => release);
    expect(refusal('Batch', { commands })).toMatchObject({
      code: 'TOO_LARGE',
      details: { limit: 'batchCommandsMax', max: 128 },
    });
  });

  it('with a command that nobody knows is refused as that command is', () => {
    const unknown = { command: 'PlaceTennant', data: { tenantId: 'acme' } };
    const faulty = { command: 'ReleaseResource', data: {} };
    const error = refusal('Batch', { commands: [faulty, release, unknown] });
    expect(error).toMatchObject({ code: 'UNKNOWN_COMMAND', status: 404, details: { at: 2 } });
    expect(error.details['known']).toEqual(refusal('PlaceTennant', {}).details['known']);
  });

  it('knows what cannot be expected together, as the envelope does', () => {
    const expecting = (expected: unknown) =>
      faults('Batch', { commands: [release, { ...release, expect: expected }] });
    const field = 'data.commands.1.expect';
    expect(expecting({ absent: true, version: 3 })).toEqual([`${field}.absent`]);
    expect(expecting({ absent: true, node: 'n1' })).toEqual([`${field}.absent`]);
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`f${at}`, 1]));
    expect(expecting(many)).toEqual([field]);
    expect(expecting({ ['x'.repeat(65)]: 1 })).toEqual([`${field}.${'x'.repeat(65)}`]);
    expect(expecting([])).toEqual([field]);
    expect(check('Batch', { commands: [{ ...release, expect: { absent: true } }] })).toBeDefined();
  });

  it('names faulty fields by their place', () => {
    expect(
      faults('Batch', {
        commands: [
          { command: 'Batch', data: { commands: [] } },
          { command: 'ReleaseResource', data: { tenantId: 'acme' } },
          { ...release, expect: {}, extra: 1 },
          { ...release, expect: { version: 0, absent: false, node: 'n1' } },
          7,
        ],
      }),
    ).toEqual([
      'data.commands.0.command',
      'data.commands.1.data.resourceId',
      'data.commands.2.extra',
      'data.commands.2.expect',
      'data.commands.3.expect.version',
      'data.commands.3.expect.absent',
      'data.commands.4',
    ]);
    expect(faults('Batch', { commands: [], more: 1 }, { exists: true })).toEqual([
      'data.more',
      'expect',
      'data.commands',
    ]);
  });
});
