import { describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import { describeFault } from './fault.js';
import type { FaultKind } from './fault.js';
import { planFaults } from './plan.js';

const kinds: readonly FaultKind[] = [
  'kill',
  'power-loss',
  'pause',
  'restart-broker',
  'split',
  'restart-database',
  'fill-disk',
  'step-clock',
];
const plan = (seed: number, durationMs = 600_000) =>
  planFaults(seededRandom(seed), { nodes: 3, durationMs, kinds, faultMsMax: 60_000 });

describe('a plan of faults', () => {
  it('is the same for the same seed and another for another', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  it('ends within the time of the run, in order', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const faults = plan(seed);
      expect(faults.every(({ at, lasts }) => at + lasts <= 600_000)).toBe(true);
      expect(faults.map(({ at }) => at)).toEqual(faults.map(({ at }) => at).sort((a, b) => a - b));
    }
  });

  it('meets every kind before it repeats one', () => {
    const met = plan(3).map(({ fault }) => fault.kind);
    expect(new Set(met.slice(0, kinds.length))).toEqual(new Set(kinds));
  });

  it('names nodes that exist, each once, and never both sides of a split', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      for (const { fault } of plan(seed)) {
        const chosen = 'nodes' in fault ? fault.nodes : fault.kind === 'split' ? fault.side : [0];
        expect(chosen.length).toBeGreaterThan(0);
        expect(new Set(chosen).size).toBe(chosen.length);
        expect(chosen.every((node) => node >= 0 && node < 3)).toBe(true);
        if (fault.kind === 'split') expect(chosen.length).toBeLessThan(3);
      }
    }
  });

  it('is told in one line a fault', () => {
    const fault = { kind: 'split', manner: 'one-way', side: [0, 2] } as const;
    expect(describeFault({ at: 1_500, lasts: 4_000, fault })).toBe(
      '+1.5s split manner=one-way side=0,2 for 4.0s',
    );
  });
});
