import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Bench } from './bench.js';
import { partitions } from './bench.js';
import { replyOf, type Fields } from './wire.js';

const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const position = expect.stringMatching(/^m1\.\w+\.[1-4]\.\d+$/);
const typed = (...types: string[]): unknown =>
  types.map((type) => expect.objectContaining({ type }));

/** In namespace `orders`, so that the sample stays as it was written. */
export function commandsChapter(bench: () => Bench): void {
  const done = (name: string, data: Fields, more: Fields = {}): Promise<Fields> =>
    bench().wire.done(name, data, more, 'orders');
  const refused = async (name: string, data: Fields, more: Fields = {}) =>
    (await bench().wire.command(name, { data, ...more }, 'orders')).error;

  describe('commands', () => {
    it('place, change and evict a tenant, while it has no resources', async () => {
      const place = { tenantId: 'c1', cell: 'eu-1', node: 'n', tier: 'gold', labels: { a: 'b' } };
      const placed = await done('PlaceTenant', place);
      expect(placed).toEqual({
        ...{ outcome: 'applied', version: 1, position },
        events: [{ type: 'TenantPlaced', data: place }],
        record: expect.objectContaining({ kind: 'tenant', ...place, version: 1 }),
      });
      expect(await done('PlaceTenant', place)).toMatchObject({ outcome: 'noop', events: [] });
      expect(await done('PlaceTenant', { ...place, cell: 'us-1' })).toMatchObject({ version: 2 });
      const resource = { tenantId: 'c1', resourceId: 'r' };
      await done('AssignResource', { ...resource, node: 'n' });
      expect(await refused('EvictTenant', { tenantId: 'c1' })).toMatchObject({
        code: 'RULE_VIOLATED',
      });
      await done('ReleaseResource', resource);
      expect(await done('EvictTenant', { tenantId: 'c1' })).toMatchObject({ record: null });
    });

    it('assign a resource, hand its ownership on with a rising fence, and release it', async () => {
      const id = { tenantId: 'c2', resourceId: 'r' };
      const assign = { ...id, node: 'n1', kind: 'db', labels: { zone: 'z' } };
      expect(await done('AssignResource', assign)).toMatchObject({ version: 1, record: assign });
      expect(await done('AssignResource', assign)).toMatchObject({ outcome: 'noop', version: 1 });
      expect(await done('AssignResource', { ...assign, node: 'n2' })).toMatchObject({ version: 2 });
      const claim = { ...id, owner: 'me', ttlMs: 3_600_000 };
      const claimed = await done('ClaimOwnership', claim);
      expect(claimed).toMatchObject({ fence: expect.any(Number), record: { owner: 'me' } });
      // A renewal keeps the fence.
      expect(await done('ClaimOwnership', claim)).toMatchObject({ fence: claimed['fence'] });
      expect(await refused('ClaimOwnership', { ...id, owner: 'you' })).toMatchObject({
        ...{ code: 'ALREADY_OWNED', details: { owner: 'me', record: { owner: 'me' } } },
      });
      expect(await refused('ReleaseResource', id)).toMatchObject({ code: 'ALREADY_OWNED' });
      const handOn = { ...id, from: 'me', to: 'you', ttlMs: 3_600_000 };
      const handed = await done('TransferOwnership', handOn);
      expect(Number(handed['fence'])).toBeGreaterThan(Number(claimed['fence']));
      expect(await refused('TransferOwnership', handOn)).not.toBeNull();
      expect(await refused('ReleaseOwnership', { ...id, owner: 'me' })).not.toBeNull();
      await done('ReleaseOwnership', { ...id, owner: 'you' });
      await done('ClaimOwnership', { ...id, owner: 'me' });
      const gone = await done('ReleaseResource', id, { expect: { owner: 'me' } });
      expect(gone).toMatchObject({ record: null, events: typed('ResourceReleased') });
    });

    it('register, renew and deregister instances, reporting the unknown', async () => {
      const id = { service: 'c3', instanceId: 'i' };
      const register = {
        ...{ ...id, address: '10.0.0.1', port: 80, zone: 'z', tags: ['a'], ttlMs: 3_600_000 },
        metadata: { build: '7' },
      };
      expect(await done('RegisterInstance', register)).toMatchObject({
        version: 1,
        record: register,
      });
      const renewal = { service: 'c3', instanceIds: ['i', 'ghost'] };
      const renewed = await done('RenewInstances', renewal);
      expect(renewed['events']).toEqual([
        { type: 'InstancesRenewed', data: { service: 'c3', renewed: 1, unknown: ['ghost'] } },
      ]);
      const kept = await bench().wire.query(
        'ListInstances',
        { params: { service: 'c3' }, position: renewed['position'] },
        'orders',
      );
      expect(replyOf(kept)['items']).toMatchObject([{ ...register, version: 1 }]);
      expect(await done('DeregisterInstance', id)).toMatchObject({ record: null });
    });

    it('keep a shard map complete through splits, merges and moves', async () => {
      const map = 'c4';
      const shards = [{ shardId: 'a', start: 0, end: 2 ** 32, node: 'n1' }];
      const holes = [{ ...shards[0], end: 7 }];
      const create = { map, keyspace: 'hash', shards };
      expect(await refused('CreateShardMap', { ...create, shards: holes })).toMatchObject({
        code: 'RULE_VIOLATED',
      });
      await done('CreateShardMap', create);
      await done('SplitShard', { map, shardId: 'a', at: 1_000, newShardId: 'b', node: 'n2' });
      const moved = await done('MoveShard', { map, shardId: 'b', node: 'n3', replicas: ['n1'] });
      expect(moved['record']).toMatchObject({
        shards: [
          { shardId: 'a', start: 0, end: 1_000 },
          { shardId: 'b', start: 1_000, end: 2 ** 32, node: 'n3' },
        ],
      });
      const merged = await done('MergeShards', { map, into: 'a', from: 'b' });
      expect(merged['record']).toMatchObject({ shards: [{ shardId: 'a', end: 2 ** 32 }] });
      expect(await done('DropShardMap', { map })).toMatchObject({ record: null });
    });

    it('put and remove routes, no two with the same match and priority', async () => {
      const route = {
        ...{ table: 'c5', routeId: 'r1', match: { host: 'a.example' }, priority: 5 },
        targets: [{ backend: 'b', weight: 1 }],
      };
      await done('PutRoute', route);
      expect(await refused('PutRoute', { ...route, routeId: 'r2' })).toMatchObject({
        code: 'RULE_VIOLATED',
      });
      const targets = [{ backend: 'b', weight: 0 }];
      expect(await refused('PutRoute', { ...route, targets })).toMatchObject({
        code: 'RULE_VIOLATED',
      });
      expect(await done('RemoveRoute', { table: 'c5', routeId: 'r1' })).toMatchObject({
        outcome: 'applied',
      });
    });

    it('take effect together as a batch, or not at all', async () => {
      const step = (resourceId: string, more: Fields = {}) => ({
        ...{ command: 'AssignResource', data: { tenantId: 'c6', resourceId, node: 'n' }, ...more },
      });
      const both = await done('Batch', { commands: [step('a'), step('b')] });
      expect(both).toMatchObject({ outcome: 'applied', events: { length: 2 } });
      const half = [step('c'), step('a', { expect: { absent: true } })];
      expect(await refused('Batch', { commands: half })).toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
      const params = { tenantId: 'c6', resourceId: 'c' };
      const looked = await bench().wire.query(
        'GetResource',
        { params, consistency: 'linearizable' },
        'orders',
      );
      expect(looked.error?.code).toBe('NOT_FOUND');
      const many = Array.from({ length: 129 }, (_, at) => step(`m${at}`));
      expect(await refused('Batch', { commands: many })).toMatchObject({ code: 'TOO_LARGE' });
      expect(await done('Batch', { commands: many.slice(1) })).toMatchObject({
        outcome: 'applied',
      });
      const apart = Array.from({ length: 8 }, (_, at) => ({
        ...{ command: 'PlaceTenant', data: { tenantId: `apart-${at}`, cell: 'x' } },
      }));
      expect(await refused('Batch', { commands: apart })).toMatchObject({
        code: 'CROSS_PARTITION',
      });
    });
  });

  describe('the envelope of a command', () => {
    const data = { tenantId: 'e1', resourceId: 'r', node: 'n' };

    it.each([
      ['its version', { version: 1 }, { version: 9 }, 'VERSION_CONFLICT'],
      ['that it is there', { exists: true }, { absent: true }, 'PRECONDITION_FAILED'],
      ['a field', { node: 'n' }, { node: 'other' }, 'PRECONDITION_FAILED'],
    ])('can expect of the record %s', async (_what, right, wrong, code) => {
      const id = { ...data, resourceId: `expects-${code}-${Object.keys(right).join()}` };
      await done('AssignResource', id, { expect: { absent: true } });
      expect(await done('AssignResource', { ...id, kind: 'x' }, { expect: right })).toMatchObject({
        version: 2,
      });
      const error = await refused('AssignResource', id, { expect: wrong });
      expect(error).toMatchObject({ code, details: { version: 2, record: { kind: 'x' } } });
    });

    it('makes every retry safe', async () => {
      const commandId = randomUUID();
      const mine = { ...data, resourceId: 'retried' };
      const first = await done('AssignResource', mine, { commandId });
      expect(await done('AssignResource', mine, { commandId })).toEqual({
        ...first,
        outcome: 'duplicate',
      });
      const other = { ...mine, node: 'other' };
      expect(await refused('AssignResource', other, { commandId })).toMatchObject({
        code: 'COMMAND_ID_REUSED',
      });
    });

    it('can try without effect', async () => {
      const mine = { ...data, resourceId: 'tried' };
      expect(await done('AssignResource', mine, { dryRun: true })).toMatchObject({
        outcome: 'applied',
        record: { node: 'n' },
      });
      const expected = { dryRun: true, expect: { exists: true } };
      expect(await refused('AssignResource', mine, expected)).toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
      expect(await done('AssignResource', mine, { expect: { absent: true } })).toMatchObject({
        version: 1,
      });
    });

    it('has a deadline in log time, not beyond what is remembered', async () => {
      const mine = { ...data, resourceId: 'dated' };
      expect(await done('AssignResource', mine, { deadline: inMs(60_000) })).toMatchObject({
        outcome: 'applied',
      });
      expect(await refused('AssignResource', mine, { deadline: inMs(-1_000) })).toMatchObject({
        ...{ code: 'DEADLINE_EXCEEDED', definite: true },
      });
      const error = await refused('AssignResource', mine, { deadline: inMs(25 * 3_600_000) });
      expect(error?.details['faults']).toEqual([expect.objectContaining({ field: 'deadline' })]);
    });

    it('is refused with every fault named', async () => {
      const { wire } = bench();
      const { error } = await wire.ask('cmd.prod.AssignResource', {
        ...{ commandId: 'x', data: {}, expect: {}, deadline: 'soon', meta: { actor: 7 } },
        ...{ dryRun: 'no', colour: 1 },
      });
      const fields = (error?.details['faults'] as { field: string }[]).map(({ field }) => field);
      expect(fields.sort()).toEqual([
        ...['colour', 'commandId', 'deadline', 'dryRun', 'expect', 'meta.actor'],
      ]);
    });

    it('goes straight to a leader too, with the names in the body', async () => {
      const { wire } = bench();
      const body = { namespace: 'orders', command: 'PlaceTenant', commandId: randomUUID() };
      const place = { ...body, data: { tenantId: 'led', cell: 'x' } };
      const answers = await Promise.all(
        Array.from({ length: partitions }, (_, at) => wire.ask(`p.${at + 1}.cmd`, place)),
      );
      const outcomes = answers.map(({ reply, error }) => reply?.['outcome'] ?? error?.code);
      expect(outcomes.sort()).toEqual([
        ...['PARTITION_MOVED', 'PARTITION_MOVED', 'PARTITION_MOVED', 'applied'],
      ]);
      const at = answers.findIndex(({ reply }) => reply !== null) + 1;
      const asked = { namespace: 'orders', query: 'GetTenant', params: { tenantId: 'led' } };
      const looked = await wire.ask(`p.${at}.query`, { ...asked, consistency: 'linearizable' });
      expect(replyOf(looked)['item']).toMatchObject({ cell: 'x' });
      const other = (at % partitions) + 1;
      const strayed = [await wire.ask(`p.${other}.query`, asked), answers[other - 1]];
      expect(strayed[0]?.error).toMatchObject({ code: 'PARTITION_MOVED' });
      expect(strayed[0]?.error?.details).toEqual(strayed[1]?.error?.details);
    });
  });
}
