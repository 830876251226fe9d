import { describe, expect, it } from '@jest/globals';
import { linearizabilityFault } from '@metad/raft/testing';
import type { Operation } from '@metad/raft/testing';

const write = (value: string, invokedAt: number, completedAt: number): Operation => ({
  kind: 'write',
  key: 'k',
  value,
  invokedAt,
  completedAt,
});
const read = (value: string, invokedAt: number, completedAt: number): Operation => ({
  ...write(value, invokedAt, completedAt),
  kind: 'read',
});
const fault = (...operations: Operation[]): string | null => linearizabilityFault('k', operations);

describe('the judge of histories', () => {
  it('accepts what a register could do', () => {
    expect(fault()).toBe(null);
    expect(fault(read('', 0, 1), write('a', 2, 3), read('a', 4, 5))).toBe(null);
    // Concurrent: either order will do.
    expect(fault(write('a', 0, 10), write('b', 0, 10), read('b', 11, 12))).toBe(null);
    // A write whose outcome nobody learned may take effect late, or never.
    expect(fault(write('a', 0, Infinity), read('', 1, 2), read('a', 50, 51))).toBe(null);
    expect(fault(write('a', 0, Infinity), read('', 50, 51))).toBe(null);
  });

  it('refuses a read of the past', () => {
    expect(fault(write('a', 0, 1), write('b', 2, 3), read('a', 4, 5))).toMatch('came and went');
    expect(fault(write('a', 0, 1), read('', 2, 3))).not.toBe(null);
  });

  it('refuses a value that comes, goes and comes again', () => {
    const history = [write('a', 0, 1), write('b', 0, 10), read('b', 2, 3), read('a', 4, 5)];
    expect(fault(...history, read('b', 6, 7))).not.toBe(null);
  });

  it('refuses a value that nobody wrote, or not yet', () => {
    expect(fault(read('x', 0, 1))).toMatch('nobody wrote');
    expect(fault(write('a', 5, 6), read('a', 1, 2))).toMatch('before it was written');
  });
});
