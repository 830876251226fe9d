import { describe, expect, it } from '@jest/globals';
import type { MetadError, QueryRequest } from '@metad/contract';
import { logIndex, partitionId } from '@metad/foundation';
import { ALL_QUERIES } from './all-queries.js';
import type { ReadBarrier, ReadModel, RecordLookup } from './query-ports.js';
import { QueryService } from './query-service.js';

const barrier = {
  incarnation: () => 'abc',
  partitions: () => [1, 2].map(partitionId),
  lagMs: () => 0,
} as Partial<ReadBarrier> as ReadBarrier;
const model: ReadModel = {
  select: async () => [],
  absorbed: () => logIndex(9),
  awaitAbsorbed: async () => true,
  lagMs: () => 0,
};
const service = new QueryService(ALL_QUERIES, {} as RecordLookup, barrier, model);

const ask = (name: string, params: QueryRequest['params']) => {
  const request = { params: { kind: 'resource', id: 'db-1', ...params } };
  return service.execute('prod', name, request).then(
    ({ items }) => ({ items }),
    ({ code, details }: MetadError) => ({ code, details }),
  );
};

describe('a moment that is a position', () => {
  const MOMENTS = [
    ['GetHistory', 'from'],
    ['GetHistory', 'to'],
    ['GetAsOf', 'at'],
  ] as const;

  it.each(MOMENTS)('of another history is refused: %s %s', async (name, moment) => {
    expect(await ask(name, { [moment]: 'm1.xyz.1.4' })).toMatchObject({
      code: 'INCARNATION_CHANGED',
      details: { incarnation: 'abc', available: 'm1.abc.1.0' },
    });
  });

  it.each(MOMENTS)('names a partition that exists, or is faulty: %s %s', async (name, moment) => {
    for (const position of ['m1.abc.3.4', 'm1.abc.9999999999.1']) {
      expect(await ask(name, { [moment]: position })).toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { faults: [{ field: `params.${moment}` }] },
      });
    }
  });

  it('of this history, like a time, asks the tables', async () => {
    expect(await ask('GetHistory', { from: 'm1.abc.1.4', to: '2026-01-01T00:00:00Z' })).toEqual({
      items: [],
    });
    expect(await ask('GetAsOf', { at: 'm1.abc.2.4' })).toMatchObject({ code: 'NOT_FOUND' });
  });
});
