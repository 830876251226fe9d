import { describe, expect, it } from '@jest/globals';
import type { ErrorBody } from '@metad/contract';
import { logIndex, partitionId } from '@metad/foundation';
import { KINDS } from '../kinds/index.js';
import { openApiDocument } from '../http/openapi/openapi-document.js';
import { ALL_QUERIES } from './all-queries.js';
import { QueryEntry } from './query-entry.js';
import type { ReadBarrier, RecordLookup } from './query-ports.js';
import { QueryService } from './query-service.js';

const [one, two, three] = [partitionId(1), partitionId(2), partitionId(3)];

/** Keys with `far` lie in partition 2, other keys in 1, and in 3 when they are hashed whole. */
const lookup: RecordLookup = {
  partitionOf: (key, prefix) => (key.includes('far') ? two : prefix ? three : one),
  mapGeneration: () => 7,
  find: () => null,
  bodyOf: () => {
    throw new Error('there are no records');
  },
  outcomeOf: async () => ({ outcome: 'applied' }),
};

const barrier: ReadBarrier = {
  incarnation: () => 'abc',
  partitions: () => [one, two, three],
  appliedIndex: () => logIndex(1),
  readIndex: async () => logIndex(1),
  reach: async () => undefined,
  boundMs: async () => 0,
  lagMs: () => 0,
};

function entryWithCatchup(): QueryEntry {
  const entry = new QueryEntry(new QueryService(ALL_QUERIES, lookup, barrier, null), 65_536);
  entry.register('Catchup', async () => ({ items: [], position: '', lagMs: 0 }));
  return entry;
}

type Answer = Partial<ErrorBody> & Readonly<Record<string, unknown>>;
const textOf = (payload: string | Uint8Array): string =>
  typeof payload === 'string' ? payload : Buffer.from(payload).toString();

async function atLeaderOf1(query: string, params: object): Promise<Answer> {
  const body = Buffer.from(JSON.stringify({ namespace: 'prod', query, params }));
  const { payload } = await entryWithCatchup().executeNamed(one, body);
  return JSON.parse(textOf(payload)) as Answer;
}

describe("the leader's own subject", () => {
  const commandId = '0199a0c4-5b1e-7c52-9d0e-2f6a1b3c4d5e';

  it('answers look-ups of its partition', async () => {
    const { error } = await atLeaderOf1('GetResource', { tenantId: 'acme', resourceId: 'db-1' });
    expect(error).toMatchObject({ code: 'NOT_FOUND' });
    const known = await atLeaderOf1('GetCommandOutcome', { commandId, key: 'tenants/acme' });
    expect(known).toMatchObject({ item: { outcome: 'applied' } });
  });

  it.each([
    ['GetResource', { tenantId: 'far', resourceId: 'db-1' }, 2],
    ['GetTenant', { tenantId: 'acme' }, 3],
    ['GetCommandOutcome', { commandId, key: 'far' }, 2],
  ])('tells who asks by a stale map with %s where it belongs', async (query, params, owner) => {
    const { error } = await atLeaderOf1(query, params);
    expect(error).toMatchObject({
      code: 'PARTITION_MOVED',
      status: 503,
      definite: true,
      details: { partition: owner, generation: 7, retryAfterMs: 0 },
    });
  });

  it.each([
    ['ListResources', {}],
    ['GetAsOf', { kind: 'resource', id: 'db-1', at: '2026-11-22T12:00:00Z' }],
    ['Catchup', { after: 'm1.abc.1.1' }],
  ])('refuses %s, which no single partition can answer', async (query, params) => {
    expect((await atLeaderOf1(query, params)).error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { faults: [{ field: 'query', reason: expect.stringContaining('one partition') }] },
    });
  });

  it('names what is faulty, or not known, as any node does', async () => {
    const { error } = await atLeaderOf1('GetTenant', { tenantId: 7 });
    expect(error?.details['faults']).toMatchObject([{ field: 'params.tenantId' }]);
    expect((await atLeaderOf1('GuessTenant', {})).error?.code).toBe('UNKNOWN_QUERY');
  });
});

describe('Catchup', () => {
  it('is among the queries that there are, wherever they are listed', async () => {
    const { payload } = await entryWithCatchup().execute('prod', 'GuessTenant', Buffer.from('{}'));
    const { error } = JSON.parse(textOf(payload)) as ErrorBody;
    expect(error.details['known']).toContain('Catchup');
    const { paths } = openApiDocument(KINDS, ALL_QUERIES, '0') as { paths: object };
    expect(Object.keys(paths)).toContain('/api/v1/queries/{namespace}/Catchup');
  });

  it('is answered by the stage that keeps events', async () => {
    const body = Buffer.from('{"params":{"after":"m1.abc.1.1"}}');
    const { payload, error } = await entryWithCatchup().execute('prod', 'Catchup', body);
    expect(error).toBeNull();
    expect(JSON.parse(textOf(payload))).toMatchObject({ items: [] });
  });
});
