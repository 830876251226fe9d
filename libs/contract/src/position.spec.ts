import { describe, expect, it } from '@jest/globals';
import { formatPositions, parsePosition } from './position.js';

describe('a position', () => {
  it('is read as it was written', () => {
    const parts = [
      { incarnation: 'c7f3', partition: 0, index: 0 },
      { incarnation: 'c7f3', partition: 2_147_483_647, index: Number.MAX_SAFE_INTEGER },
    ];
    expect(parsePosition(formatPositions(parts))).toEqual(parts);
  });

  it.each([
    'm1.x.9999999999.1',
    'm1.x.2147483648.1',
    'm1.x.1.9007199254740992',
    'm1.x.01.1',
    'm1.x.1',
    'm2.x.1.1',
    '',
  ])('is refused with the name of its field: %j', (text) => {
    expect(() => parsePosition(text, 'params.at')).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        details: { faults: [{ field: 'params.at', reason: expect.any(String) }] },
      }),
    );
  });
});
