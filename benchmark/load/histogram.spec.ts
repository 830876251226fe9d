import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import { Histogram } from './histogram.js';

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram of latencies', () => {
  it('finds quantiles within 0.8 % of sorting, over six orders of magnitude', () => {
    const random = seededRandom(5);
    const values = Array.from({ length: 20_000 }, () => Math.floor(10 ** (random.fraction() * 6)));
    const sorted = [...values].sort((a, b) => a - b);
    const histogram = filled(values);
    for (const quantile of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(quantile * sorted.length) - 1] as number;
      const found = histogram.quantile(quantile);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.008 + 1);
    }
  });

  it('keeps small values and the largest one exactly', () => {
    const histogram = filled([0, 1, 1, 127, 123_457]);
    expect(histogram.quantile(0.2)).toBe(0);
    expect(histogram.quantile(0.5)).toBe(1);
    expect(histogram.quantile(0.8)).toBe(127);
    expect(histogram.quantile(1)).toBe(123_457);
  });

  it('adds up with another', () => {
    const sum = filled([1, 2]);
    sum.merge(filled([3, 4_000]));
    expect([sum.count, sum.quantile(0.75), sum.summary().max]).toEqual([4, 3, 4_000]);
  });

  it('is empty again after a reset', () => {
    const histogram = filled([5, 6]);
    histogram.reset();
    expect([histogram.count, histogram.quantile(0.5), histogram.summary().mean]).toEqual([0, 0, 0]);
  });
});
