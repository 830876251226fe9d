import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import xxhash from 'xxhash-wasm';
import type { Bench } from './bench.js';
import { CONSISTENCIES } from './contract-names.js';
import { SAMPLE } from './sample.js';
import { replyOf, type Fields } from './wire.js';

const [, tenant] = SAMPLE.tenants;
const resource = { tenantId: 't-1', resourceId: 'r.1' };
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

export function lookUpsChapter(bench: () => Bench): void {
  const item = async (query: string, params: Fields, more: Fields = {}): Promise<unknown> => {
    const { wire, written: position } = bench();
    const request = { params, position, ...more };
    return replyOf(await wire.query(query, request))['item'];
  };

  describe('look-ups', () => {
    it('find each kind of record by its key', async () => {
      const standing = { version: 1, createdAt: time, updatedAt: time };
      expect(await item('GetTenant', { tenantId: 't-1' })).toEqual({
        ...{ ...tenant, kind: 'tenant', id: 't-1' },
        ...standing,
      });
      expect(await item('GetResource', resource)).toMatchObject({
        ...{ id: 'r.1', ...resource, owner: 'me', version: 2, fence: expect.any(Number) },
        expiresAt: time,
      });
      expect(await item('GetShardMap', { map: 'ranged' })).toMatchObject({
        ...{ kind: 'shard-map', map: 'ranged', keyspace: 'range', version: 1 },
        shards: [{ shardId: 'low' }, { shardId: 'top' }],
      });
      expect(await item('GetRoutingTable', { table: 'web' })).toMatchObject({
        ...{ kind: 'routing-table', version: 3 },
        routes: expect.arrayContaining([expect.objectContaining({ routeId: 'beta' })]),
      });
    });

    it('resolve a key of a range map by its UTF-8 bytes, the end excluded', async () => {
      const shardOf = (key: string) => item('ResolveShard', { map: 'ranged', key });
      expect(await shardOf('')).toMatchObject({ shardId: 'low', node: 'node-a' });
      expect(await shardOf('lzzz')).toMatchObject({ shardId: 'low' });
      expect(await shardOf('m')).toMatchObject({ shardId: 'top', node: 'node-c' });
      expect(await shardOf('中')).toMatchObject({ shardId: 'top' });
    });

    it('resolve a key of a hash map by the upper half of its xxHash64', async () => {
      const { h64 } = await xxhash();
      const seen = new Set<string>();
      for (const key of ['user-1', 'user-2', 'user-3', 'user-4', 'é中', '']) {
        const upper = Number(h64(key, 0n) >> 32n);
        const shardId = upper < 2 ** 31 ? 's0' : 's1';
        expect(await item('ResolveShard', { map: 'hashed', key })).toMatchObject({ shardId });
        seen.add(shardId);
      }
      expect(seen.size).toBe(2);
    });

    it.each([
      [{}, 'all'],
      [{ host: 'a.example', path: '/api/users' }, 'api'],
      [{ host: 'A.example', path: '/apix' }, 'all'],
      [{ host: 'a.example', path: '/x', headers: { 'X-Beta': 'yes' } }, 'beta'],
      [{ host: 'a.example', headers: { 'x-beta': 'no' } }, 'all'],
    ])('resolve the request %j to route %s', async (request, routeId) => {
      expect(await item('ResolveRoute', { table: 'web', ...request })).toMatchObject({ routeId });
    });

    it('tell what became of a command', async () => {
      const { wire } = bench();
      const commandId = randomUUID();
      const data = { tenantId: 't-1', resourceId: 'outcome', node: 'x' };
      const reply = await wire.done('AssignResource', data, { commandId });
      const key = 'tenants/t-1/resources/outcome';
      const params = { commandId, key };
      for (const consistency of CONSISTENCIES) {
        const { position } = reply;
        const more = { consistency, position, maxLagMs: 60_000 };
        expect(await item('GetCommandOutcome', params, more)).toMatchObject({
          outcome: 'applied',
          version: 1,
        });
      }
      const never = { commandId: randomUUID(), key };
      const { error } = await wire.query('GetCommandOutcome', { params: never });
      expect(error?.code).toBe('NOT_FOUND');
    });

    it('are about one namespace', async () => {
      const { wire } = bench();
      const { error } = await wire.query('GetTenant', { params: { tenantId: 't-1' } }, '_all');
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    });
  });

  describe('history', () => {
    it('has every version, from and to a time or a position, and a record as it was', async () => {
      const { wire } = bench();
      const id = { tenantId: 't-0', resourceId: 'aged' };
      const meta = { actor: 'suite', reason: 'ages', correlationId: 'c1', causationId: 'c0' };
      const positions: string[] = [];
      for (const node of ['one', 'two', 'three']) {
        const reply = await wire.done('AssignResource', { ...id, node }, { meta });
        positions.push(String(reply['position']));
      }
      const position = positions.at(-1) ?? '';
      const history = (more: Fields) =>
        wire.list('GetHistory', { kind: 'resource', id: 'aged', ...more }, 'prod', { position });
      const all = await history({});
      const nodes = (items: readonly Fields[]) =>
        items.map(({ record }) => (record as { node: string }).node);
      expect(nodes(all)).toEqual(['one', 'two', 'three']);
      expect(all[0]).toMatchObject({ actor: 'suite', reason: 'ages', type: 'ResourceAssigned' });
      const times = all.map(({ validFrom }) => String(validFrom));
      expect(nodes(await history({ from: positions[1] }))).toEqual(['two', 'three']);
      expect(nodes(await history({ to: positions[1] }))).toEqual(['one', 'two']);
      expect(nodes(await history({ from: times[0], to: times[2] }))).toHaveLength(3);
      expect(nodes(await history({ from: '2001-01-01T00:00:00Z', to: positions[0] }))).toEqual([
        'one',
      ]);
      const asOf = (at: string | undefined, more: Fields) =>
        item('GetAsOf', { kind: 'resource', id: 'aged', at }, { position, ...more });
      for (const consistency of CONSISTENCIES) {
        const more = { consistency, maxLagMs: 60_000 };
        expect(await asOf(positions[1], more)).toMatchObject({ node: 'two', version: 2 });
      }
      expect(await asOf(times[2], {})).toMatchObject({ version: 3 });
      const params = { kind: 'resource', id: 'aged', at: '2001-01-01T00:00:00Z' };
      const { error } = await wire.query('GetAsOf', { params, position });
      expect(error?.code).toBe('NOT_FOUND');
    });
  });

  describe('consistency', () => {
    it.each(CONSISTENCIES)(
      '%s sees what was acknowledged before, in memory and in SQL',
      async (consistency) => {
        const { wire } = bench();
        const resourceId = `fresh-${consistency}`;
        const data = { tenantId: 'fresh', resourceId, node: 'node-f' };
        const { position } = await wire.done('AssignResource', data);
        // Only linearizable needs no position to be sure of it.
        const where = consistency === 'linearizable' ? {} : { position };
        const request = { ...where, consistency, maxLagMs: 60_000 };
        const one = { tenantId: 'fresh', resourceId };
        const found = replyOf(await wire.query('GetResource', { params: one, ...request }));
        expect(found['item']).toMatchObject({ node: 'node-f' });
        const params = { tenantId: 'fresh' };
        const listed = replyOf(await wire.query('ListResources', { params, ...request }));
        expect((listed['items'] as Fields[]).map((each) => each['resourceId'])).toContain(
          resourceId,
        );
      },
    );

    it('answers with a position that later queries may be held to', async () => {
      const { wire } = bench();
      const params = { tenantId: 't-1' };
      const first = replyOf(await wire.query('GetTenant', { params, consistency: 'linearizable' }));
      const { position } = first;
      expect(replyOf(await wire.query('GetTenant', { params, position }))['item']).toBeDefined();
      const listed = replyOf(await wire.query('ListTenants', { params: {}, position }));
      expect(String(listed['position']).split(',')).toHaveLength(4);
    });

    it('refuses rather than wait for ever, or serve what is older than was allowed', async () => {
      const { wire, written } = bench();
      const [first = ''] = written.split(',');
      const ahead = first.replace(/\d+$/, '999999999');
      const params = { tenantId: 't-1' };
      const name = Number(first.split('.')[2]);
      const list = await wire.query('ListTenants', { params: {}, position: ahead });
      expect(list.error).toMatchObject({
        code: 'POSITION_NOT_REACHED',
        details: { partition: name, index: 999_999_999 },
      });
      const bounded = { params, consistency: 'bounded', maxLagMs: 0 };
      const { error, reply } = await wire.query('GetTenant', bounded);
      // A leader that has just confirmed itself is not behind at all: then it may answer.
      if (error === null) expect(reply['lagMs']).toBe(0);
      else expect(error.code).toBe('POSITION_NOT_REACHED');
      const other = written.replaceAll(/m1\.[^.]+/g, 'm1.zzzz');
      const stranger = await wire.query('GetTenant', { params, position: other });
      const available = expect.stringMatching(/^m1\.\w+\.\d\.0$/);
      expect(stranger.error).toMatchObject({ code: 'INCARNATION_CHANGED', details: { available } });
    });
  });
}
