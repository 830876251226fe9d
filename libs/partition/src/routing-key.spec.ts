import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadHasher } from './key-hash.js';
import { getPartitionKey, getPrefixPartitionKey, POINTS } from './routing-key.js';

describe('routing key', () => {
  beforeAll(() => loadHasher());

  it('gives the points that the contract publishes', () => {
    expect(getPartitionKey('tenant-42/order-1001')).toBe(55_660_352);
    expect(getPartitionKey('hello/foo/100')).toBe(786_740_831);
  });

  it('keeps keys with one prefix together', () => {
    const tenant = getPrefixPartitionKey('tenants/acme/resources');
    expect(getPartitionKey('tenants/acme/resources/db-1')).toBe(tenant);
    expect(getPartitionKey('tenants/acme/resources/db-2')).toBe(tenant);
    expect(getPartitionKey('tenants/globex/resources/db-1')).not.toBe(tenant);
  });

  it('takes a key without slash whole, and a leading slash as an empty prefix', () => {
    expect(getPartitionKey('alone')).toBe(getPrefixPartitionKey('alone'));
    expect(getPartitionKey('/x')).toBe(getPrefixPartitionKey(''));
  });

  it('always lands on a point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (key) => {
        const point = getPartitionKey(key);
        expect(Number.isInteger(point) && point >= 0 && point < POINTS).toBe(true);
      }),
    );
  });
});
