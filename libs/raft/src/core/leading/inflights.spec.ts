import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { logIndex } from '@metad/foundation';
import { Inflights } from './inflights.js';

type Op = { readonly add: number } | { readonly freeTo: number } | 'freeFirst' | 'clear';

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 50 }) }) },
  { weight: 2, arbitrary: fc.record({ freeTo: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.constantFrom('freeFirst' as const, 'clear' as const) },
);

describe('the window of appends in flight', () => {
  it('behaves as a list of (last index, bytes) with two limits', () => {
    fc.assert(
      fc.property(
        fc.array(op, { maxLength: 400 }),
        fc.integer({ min: 1, max: 100 }),
        (ops, max) => {
          const window = new Inflights(max, 500);
          let model: { last: number; bytes: number }[] = [];
          let last = 0;
          for (const next of ops) {
            if (next === 'clear') {
              window.clear();
              model = [];
            } else if (next === 'freeFirst') {
              window.freeFirst();
              model.shift();
            } else if ('freeTo' in next) {
              window.freeTo(logIndex(next.freeTo));
              model = model.filter((append) => append.last > next.freeTo);
            } else if (!window.isFull()) {
              last += 1;
              window.add(logIndex(last), next.add);
              model.push({ last, bytes: next.add });
            }
            const bytes = model.reduce((sum, append) => sum + append.bytes, 0);
            expect(window.count).toBe(model.length);
            expect(window.isFull()).toBe(model.length >= max || bytes >= 500);
          }
        },
      ),
    );
  });

  it('does not keep what was answered long ago', () => {
    const window = new Inflights(1_000, 1_000_000);
    for (let at = 1; at <= 500; at += 1) window.add(logIndex(at), 1);
    window.freeTo(logIndex(499));
    expect(window.count).toBe(1);
    window.freeTo(logIndex(500));
    expect(window.count).toBe(0);
  });

  it('refuses to be overfilled', () => {
    const window = new Inflights(1, 500);
    window.add(logIndex(1), 1);
    expect(() => window.add(logIndex(2), 1)).toThrow('nothing is sent beyond the window');
  });
});
