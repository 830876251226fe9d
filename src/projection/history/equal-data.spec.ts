import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@metad/projection';
import { isEqualData } from './equal-data.js';

const values: readonly unknown[] = [
  ...[
    null,
    0,
    '',
    'a',
    [],
    {},
    { a: 1 },
    { a: null },
    { a: undefined },
    { a: 1, b: [1, { c: 2 }] },
  ],
  ...[{ b: [1, { c: 2 }], a: 1 }, { a: 1, b: [1] }, [1], [1, 2], { constructor: 'x' }, { 0: 1 }],
];

describe('equal data', () => {
  it('has the same canonical text, and nothing else has', () => {
    for (const one of values) {
      for (const other of values) {
        const expected = canonicalJson(one) === canonicalJson(other);
        expect([one, other, isEqualData(one, other)]).toEqual([one, other, expected]);
      }
    }
  });
});
