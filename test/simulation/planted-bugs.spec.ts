import { describe, expect, it } from '@jest/globals';
import { drawPlan, focused, PLANTED_BUGS, simulate } from '@metad/raft/testing';
import type { Sabotage, SimulationLevel } from '@metad/raft/testing';

// A simulator that cannot find planted bugs proves nothing. Each bug is planted from outside into
// every node of a run, and must be found within a stated number of seeds.

/** The first seed that finds the bug, and what it says; null when none does. */
async function find(
  bug: Sabotage,
  level: SimulationLevel,
): Promise<{ seed: number; violation: string } | null> {
  for (let seed = 1; seed <= bug.seedsMax; seed += 1) {
    const plan = drawPlan(seed);
    try {
      await simulate(bug.focus === undefined ? plan : focused(plan, bug.focus), level, bug);
    } catch (error) {
      return { seed, violation: String(error) };
    }
  }
  return null;
}

describe('the simulation of cores finds', () => {
  const bugs = PLANTED_BUGS.filter(({ onlyInWholeNodes }) => onlyInWholeNodes !== true);

  it.each(bugs.map((bug) => [bug.bug, bug] as const))('%s', async (_sentence, bug) => {
    const found = await find(bug, 'core');
    expect(found?.violation).toMatch(/Violation/);
  });
});

describe('the simulation of whole nodes finds', () => {
  const bugs = PLANTED_BUGS.filter(({ foundInWholeNodes }) => foundInWholeNodes);

  it.each(bugs.map((bug) => [bug.bug, bug] as const))('%s', async (_sentence, bug) => {
    const found = await find(bug, 'whole');
    expect(found?.violation).toMatch(/Violation/);
  });
});
