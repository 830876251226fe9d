import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outgoing, outgoingParts } from './outgoing-text.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'binary', minLength: 3_000, maxLength: 5_000 }),
);

describe('a text that is about to leave', () => {
  it('is its UTF-8, whole or in parts, and stays so while others are written', () => {
    fc.assert(
      fc.property(fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 20 }), (texts) => {
        const written = texts.map((parts) => [outgoing(parts.join('')), outgoingParts(parts)]);
        for (const [at, parts] of texts.entries()) {
          const expected = Buffer.from(parts.join(''));
          for (const bytes of written[at] ?? []) expect(expected.equals(bytes)).toBe(true);
        }
      }),
    );
  });
});
