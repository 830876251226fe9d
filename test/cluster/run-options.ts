import { parseArgs } from 'node:util';

export const PLANTS = ['none', 'no-fsync', 'double-apply', 'early-preconditions'] as const;
export type Plant = (typeof PLANTS)[number];

export interface RunOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly faultMsMax: number;
  readonly nodes: 3 | 5;
  readonly partitions: number;
  readonly plant: Plant;
  /** Instead of one run: one with each plant, which must fail. */
  readonly teeth: boolean;
  /** Only these faults; all that the machine can do when empty. */
  readonly faults: readonly string[];
}

/** `ci` is short enough for every change; `nightly` has pauses of a whole minute. */
const PROFILES = {
  ci: { minutes: 1.5, faultMsMax: 8_000 },
  nightly: { minutes: 30, faultMsMax: 60_000 },
} as const;

export const usage = `usage: npm run test:cluster -- [options]
  --seed N             the same seed draws the same faults and operations (default: random)
  --profile ci|nightly 1.5 minutes and faults up to 8 s, or 30 minutes and up to 60 s
  --minutes N          another length
  --nodes 3|5          --partitions N (8)
  --faults a,b         only these kinds of fault
  --teeth              three short runs with planted faults, each of which must be found
  --plant ${PLANTS.join('|')}
                       a fault planted into the product: the run must find it`;

/** Throws an error with what to correct. */
export function readRunOptions(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      profile: { type: 'string', default: 'ci' },
      minutes: { type: 'string' },
      nodes: { type: 'string', default: '3' },
      partitions: { type: 'string', default: '8' },
      faults: { type: 'string', default: '' },
      plant: { type: 'string', default: 'none' },
      teeth: { type: 'boolean', default: false },
    },
  });
  const profile = PROFILES[values.profile as keyof typeof PROFILES];
  if (!profile) throw new Error('--profile is ci or nightly');
  if (!PLANTS.includes(values.plant as Plant)) throw new Error(`--plant: ${PLANTS.join(', ')}`);
  return {
    seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    minutes: Number(values.minutes ?? profile.minutes),
    faultMsMax: profile.faultMsMax,
    nodes: values.nodes === '5' ? 5 : 3,
    partitions: Number(values.partitions),
    plant: values.plant as Plant,
    teeth: values.teeth,
    faults: values.faults === '' ? [] : values.faults.split(','),
  };
}
