import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { envelopeFaults, isSoundEnvelope, parseRequest } from './query-request.js';

const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, '', 'any', 'bounded', 0, 1, -1, 1_000, 1_001, 3_600_001),
  fc.constantFrom<unknown>(1.5, Number.NaN, Infinity, [], {}, { tenantId: 'acme' }, undefined),
  fc.constant('x'.repeat(8_193)),
  fc.string(),
);
const names = ['params', 'consistency', 'position', 'maxLagMs', 'limit', 'cursor', 'namespace'];
const field = fc.constantFrom(...names, 'query', 'colour', 'constructor', 'toString');
const requests = fc
  .array(fc.tuple(field, value), { maxLength: 4 })
  .map((fields) => Object.fromEntries(fields));

const schema = z.strictObject({
  params: z.record(z.string(), z.unknown()).optional(),
  consistency: z.enum(['linearizable', 'session', 'bounded', 'any']).optional(),
  position: z.string().max(1_048_576).optional(),
  maxLagMs: z.number().min(0).max(3_600_000).optional(),
  limit: z.int().min(1).max(1_000).optional(),
  cursor: z.string().max(8_192).optional(),
  namespace: z.string().optional(),
  query: z.string().optional(),
});

describe('the envelope of a query', () => {
  it('is found sound by hand exactly when the contract says so', () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(isSoundEnvelope(request)).toBe(schema.safeParse(request).success);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    [{ consistency: 'strong' }, 'consistency'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ maxLagMs: -1 }, 'maxLagMs'],
    [{ position: 7 }, 'position'],
    [{ cursor: 'x'.repeat(8_193) }, 'cursor'],
    [{ params: [] }, 'params'],
    [{ colour: 1 }, 'colour'],
  ])('%j has a fault in %s', (request, name) => {
    expect(envelopeFaults(request).map((fault) => fault.field)).toEqual([name]);
  });

  it('names every fault of envelope and parameters', () => {
    const params = z.strictObject({ tenantId: z.string() });
    const request = { params: { tenant: 'acme' }, limit: 0, consistency: 'bounded' } as const;
    expect(() => parseRequest('prod', params, request)).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        details: {
          faults: [
            expect.objectContaining({ field: 'limit' }),
            expect.objectContaining({ field: 'params.tenantId' }),
            expect.objectContaining({ field: 'params.tenant' }),
            expect.objectContaining({ field: 'maxLagMs' }),
          ],
        },
      }),
    );
  });
});
