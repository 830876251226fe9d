import { describe, expect, it } from '@jest/globals';
import { commandContext, parentContext } from './trace-context.js';

describe('the context of a trace', () => {
  it('is taken from a valid header alone', () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    expect(parentContext(`00-${trace}-b7ad6b7169203331-01`)).toEqual({
      traceId: trace,
      spanId: 'b7ad6b7169203331',
      traceFlags: 1,
      isRemote: true,
    });
    expect(parentContext(`00-${trace}-b7ad6b7169203331-00`)?.traceFlags).toBe(0);
    const wrong = [
      '',
      `01-${trace}-b7ad6b7169203331-01`,
      `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
      `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      `00-${trace}-${'0'.repeat(16)}-01`,
      `00-${trace}-b7ad6b7169203331-01-more`,
      `${'0'.repeat(100_000)}`,
    ];
    expect(wrong.map(parentContext)).toEqual(wrong.map(() => null));
  });

  it('is the same for a command wherever it is computed', () => {
    const id = '0199D3A0-0000-7000-8000-00000000000A';
    expect(commandContext(id, 1)).toMatchObject({
      traceId: '0199d3a00000700080000000000000' + '0a',
      spanId: '800000000000000a',
    });
    expect(commandContext('nonsense', 1)).toBeNull();
    expect(commandContext('00000000-0000-0000-0000-000000000000', 1)).toBeNull();
  });

  it('exists for the part of the commands that is asked for', () => {
    const ids = Array.from({ length: 2_000 }, (_, at) => {
      const end = Math.floor(((at + 0.5) / 2_000) * 2 ** 32);
      return `0199d3a0-0000-7000-8000-0000${end.toString(16).padStart(8, '0')}`;
    });
    const kept = (ratio: number) => ids.filter((id) => commandContext(id, ratio)).length;
    expect([0, 0.25, 1].map(kept)).toEqual([0, 500, 2_000]);
  });
});
