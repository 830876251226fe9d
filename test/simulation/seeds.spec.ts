import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { drawPlan, replayCommand, simulate } from '@metad/raft/testing';
import type { SimulationLevel } from '@metad/raft/testing';

// Every seed draws its own cluster, load and faults, and is checked at every step. A failure says
// how to replay it. Seeds run one after the other in groups, so that a group names what failed.

/** Runs one seed; a failure says how to replay it. */
async function run(level: SimulationLevel, seed: number): Promise<string> {
  try {
    const { applied } = await simulate(drawPlan(seed), level);
    return applied > 0 ? 'held' : `${replayCommand(level, seed)}: nothing was applied`;
  } catch (error) {
    return `${replayCommand(level, seed)}: ${String(error)}`;
  }
}

const groups = (from: number, count: number, size: number): number[][] =>
  Array.from({ length: count / size }, (_, group) =>
    Array.from({ length: size }, (_seed, at) => from + group * size + at),
  );

describe('seeds with whole nodes', () => {
  it.each(groups(1, 100, 20))('hold from %d', async (...seeds) => {
    for (const seed of seeds) expect(await run('whole', seed)).toBe('held');
  });
});

describe('seeds with bare cores', () => {
  it.each(groups(1, 150, 50))('hold from %d', async (...seeds) => {
    for (const seed of seeds) expect(await run('core', seed)).toBe('held');
  });
});

describe('seeds that once failed', () => {
  const lines = readFileSync(join(import.meta.dirname, 'regressions.seeds'), 'utf8')
    .split('\n')
    .filter((line) => /^(core|whole) \d+/.test(line));

  it.each(lines)('%s', async (line) => {
    const [level, seed] = line.split(' ');
    expect(await run(level as SimulationLevel, Number(seed))).toBe('held');
  });
});

describe('a run', () => {
  it.each(['core', 'whole'] as const)('of a %s is decided by its seed', async (level) => {
    expect(await simulate(drawPlan(7), level)).toEqual(await simulate(drawPlan(7), level));
  });
});
