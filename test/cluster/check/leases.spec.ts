import { describe, expect, it } from '@jest/globals';
import { checkLeases } from './leases.js';

const grant = (owner: string, fence: number, calledAt: number, returnedAt = calledAt + 5) => ({
  resource: 'r1',
  owner,
  fence,
  calledAt,
  returnedAt,
});

describe('leases', () => {
  it('are kept when the next owner comes after the last renewal and its time to live', () => {
    const history = [grant('a', 10, 0), grant('a', 10, 900), grant('b', 31, 2_000)];
    expect(checkLeases(history, 1_000)).toEqual([]);
  });

  it('are broken when the next owner comes before', () => {
    const history = [grant('a', 10, 0), grant('a', 10, 900), grant('b', 31, 1_500)];
    expect(checkLeases(history, 1_000)).toEqual([
      'r1: the lease of a (fence 10) ended 395 ms early, for b (fence 31)',
    ]);
  });

  it('are broken when a later grant has a lower fence', () => {
    const history = [grant('a', 50, 0), grant('b', 40, 5_000)];
    expect(checkLeases(history, 1_000)).toHaveLength(1);
  });

  it('are broken when two owners hold the same fence', () => {
    const history = [grant('a', 10, 0), grant('b', 10, 3_000)];
    expect(checkLeases(history, 1_000)).toEqual(['r1: one fence for a and b']);
  });
});
