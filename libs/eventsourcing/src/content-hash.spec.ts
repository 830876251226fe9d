import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashContent } from './content-hash.js';
import { sameContent } from './same-content.js';

const hash = (value: unknown): string => {
  const { high, low } = hashContent(value);
  return `${high} ${low}`;
};
const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, part]) => [name, shuffled(part)]));
};

describe('the content hash', () => {
  it('does not depend on the order of properties', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hash(shuffled(value))).toBe(hash(value));
        expect(sameContent(shuffled(value), value)).toBe(true);
      }),
    );
  });

  it('is the same exactly where contents are the same', () => {
    const values = fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme-ascii' });
    fc.assert(
      fc.property(values, values, (left, right) => {
        expect(hash(left) === hash(right)).toBe(sameContent(left, right));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['text and number', '1', 1],
    ['empty list and object', [], {}],
    ['places in a list', [1, 2], [2, 1]],
    ['names and values', { a: 'b' }, { b: 'a' }],
    ['where a value stands', { a: { b: 1 }, c: {} }, { a: {}, c: { b: 1 } }],
    ['false and absent', { a: false }, {}],
    ['near numbers', 0.1, 0.1 + Number.EPSILON],
    ['32-bit neighbours', 2 ** 31, -(2 ** 31)],
    ['time stamps', 1_763_812_800_000, 1_763_812_800_001],
    ['swapped values', { a: 1, b: 2 }, { a: 2, b: 1 }],
  ])('tells apart %s', (_what, left, right) => {
    expect(hash(left)).not.toBe(hash(right));
    expect(sameContent(left, right)).toBe(false);
  });

  it('takes null and undefined properties for absent ones, as a row has them', () => {
    expect(hash({ a: 1, b: null, c: undefined })).toBe(hash({ a: 1 }));
    expect(sameContent({ a: 1, b: null }, { a: 1, c: undefined })).toBe(true);
    expect(hash(-0)).toBe(hash(0));
  });

  it('does not take what an object inherits for its own', () => {
    expect(sameContent({ constructor: 'x' }, {})).toBe(false);
    expect(sameContent({}, { toString: 'x' })).toBe(false);
  });

  it('knows the size of ASCII and other text', () => {
    const sizeOf = (value: unknown) => hashContent(value).bytes;
    expect(sizeOf('abc')).toBe(Buffer.byteLength('"abc"'));
    expect(sizeOf('é€😀')).toBe(Buffer.byteLength('"é€😀"'));
  });

  it('spreads: 200,000 near values have as many hashes', () => {
    const seen = new Set<string>();
    for (let at = 0; at < 200_000; at += 1) seen.add(hash({ key: `r${at}`, version: at % 3 }));
    expect(seen.size).toBe(200_000);
  });
});
