import { describe, expect, it } from '@jest/globals';
import { logIndex, logTime } from '@metad/foundation';
import { Digest, recordHash } from './digest.js';
import type { StoredRecord } from './record.js';

const record = (key: string, version = 1): StoredRecord => ({
  kind: 'tenant',
  namespace: 'prod',
  key,
  version,
  fence: null,
  value: { tenantId: key, labels: { a: '1' } },
  createdAt: logTime(1_000),
  updatedAt: logTime(2_000),
  index: logIndex(7),
  expiresAt: null,
});
const digestOf = (...records: StoredRecord[]): string => {
  const digest = new Digest();
  for (const one of records) digest.add(recordHash(one));
  return digest.toString();
};

describe('a digest', () => {
  it('is a sum: order does not matter, and what is taken out is as if it had never been', () => {
    const [a, b, c] = [record('a'), record('b'), record('c')];
    expect(digestOf(a, b, c)).toBe(digestOf(c, a, b));
    const digest = Digest.parse(digestOf(a, b, c));
    digest.subtract(recordHash(b));
    expect(digest.toString()).toBe(digestOf(a, c));
    expect(digestOf()).toBe('0000000000000000');
  });

  it.each([
    ['kind', 'resource'],
    ['namespace', 'dev'],
    ['key', 'b'],
    ['version', 2],
    ['fence', 9],
    ['value', { tenantId: 'a', labels: { a: '2' } }],
    ['createdAt', 1_001],
    ['updatedAt', 2_001],
    ['index', 8],
  ])('changes with %s', (field, other) => {
    const changed = { ...record('a'), [field]: other } as StoredRecord;
    expect(digestOf(changed)).not.toBe(digestOf(record('a')));
  });

  it('does not change with a renewal', () => {
    expect(digestOf({ ...record('a'), expiresAt: logTime(9_000) })).toBe(digestOf(record('a')));
  });

  it('is this, today and for ever: projections keep it beside their rows', () => {
    expect(digestOf(record('a'))).toBe('4e05391a15fcdef2');
  });
});
