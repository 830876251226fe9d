import { describe, expect, it } from '@jest/globals';
import { uuidV7 } from './uuid-v7.js';

describe('an id', () => {
  it('is a UUID of version 7 that carries its time', () => {
    const id = uuidV7(0x0199_0102_0304);
    expect(id).toMatch(/^01990102-0304-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is never made twice', () => {
    const ids = new Set(Array.from({ length: 10_000 }, () => uuidV7(1)));
    expect(ids.size).toBe(10_000);
  });

  it('sorts by time', () => {
    const ids = [1_000, 2_000, 3_000].map((now) => uuidV7(now));
    expect([...ids].sort()).toEqual(ids);
  });
});
