import { beforeAll, describe, expect, it } from '@jest/globals';
import { hashHigh, hashLowSigned, loadHasher } from './key-hash.js';

describe('key hash', () => {
  beforeAll(() => loadHasher());

  it('is xxHash64 with seed 0, by its published vector for the empty string', () => {
    // XXH64("") = ef46db3751d8e999
    expect(hashLowSigned('') >>> 0).toBe(0x51d8e999);
    expect(hashHigh('')).toBe(0xef46db37);
  });

  it('hashes UTF-8 bytes, not UTF-16 units', () => {
    // XXH64 of the two bytes c3 bc, as any other implementation computes it.
    expect(hashLowSigned('ü')).toBe(hashLowSigned(Buffer.from([0xc3, 0xbc]).toString('utf8')));
    expect(hashLowSigned('ü')).not.toBe(hashLowSigned('u'));
  });

  it('loads once however often it is asked', () => {
    expect(loadHasher()).toBe(loadHasher());
  });
});
