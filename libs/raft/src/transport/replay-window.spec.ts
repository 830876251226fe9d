import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReplayWindow } from './replay-window.js';

describe('replay window', () => {
  it('accepts counters in order, each once', () => {
    const window = new ReplayWindow(100);
    expect([101, 102, 103].map((counter) => window.accept(counter))).toEqual([true, true, true]);
    expect([101, 102, 103].map((counter) => window.accept(counter))).toEqual([false, false, false]);
  });

  it('accepts what was overtaken, within the window', () => {
    const window = new ReplayWindow(0);
    expect(window.accept(1_000)).toBe(true);
    expect(window.accept(500)).toBe(true);
    expect(window.accept(500)).toBe(false);
    expect(window.accept(2_000)).toBe(true);
    expect(window.accept(900)).toBe(false); // Too old to know.
    expect(window.accept(1_500)).toBe(true);
  });

  it('never accepts the floor or below it', () => {
    const window = new ReplayWindow(1_000);
    expect(window.accept(1_000)).toBe(false);
    expect(window.accept(999)).toBe(false);
    expect(window.floorForSender).toBe(1_000);
  });

  it('accepts any shuffle of fresh counters within the window exactly once', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.shuffledSubarray(
          Array.from({ length: 1_000 }, (_, at) => at + 1),
          { minLength: 1_000 },
        ),
        (floor, order) => {
          const window = new ReplayWindow(floor);
          expect(order.every((step) => window.accept(floor + step))).toBe(true);
          expect(order.some((step) => window.accept(floor + step))).toBe(false);
        },
      ),
      { numRuns: 20 },
    );
  });
});
