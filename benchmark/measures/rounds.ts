import type { LoadPlan, LoadResult } from '../load/load-plan.js';
import type { Side } from './side.js';

/** A kind of load with its name in tables, such as `commands@256`. */
export interface Load {
  readonly name: string;
  readonly plan: Omit<LoadPlan, 'serverPids' | 'seconds' | 'warmupSeconds'>;
}

export interface RoundOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** A round disturbed by other processes is measured again, this often at most. */
  readonly repeatsMax: number;
}

/** Medians over the rounds; latencies in microseconds. */
export interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  readonly cores: LoadResult['cores'];
  /** Processor time of servers and client together for one operation: steadier than rates. */
  readonly cpuMicros: number;
  readonly firstError: string | null;
  readonly rounds: readonly LoadResult[];
}

/** More than this many cores used by strangers makes a round a disturbed one. */
const othersMax = 0.3;

/**
 * Measures one load on all sides, round by round, the order turned each time: what drifts on the
 * machine (heat, neighbours, the page cache) meets all sides alike.
 */
export async function alternate(
  sides: readonly Side[],
  load: Load,
  options: RoundOptions,
): Promise<Map<string, Measured>> {
  const results = new Map<string, LoadResult[]>(sides.map((side) => [side.label, []]));
  for (let round = 0; round < options.rounds; round += 1) {
    const order = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) {
      const result = await oneRound(side, load, options);
      results.get(side.label)?.push(result);
      console.log(`  ${load.name} ${side.label} round ${round + 1}: ${oneLine(result)}`);
    }
  }
  return new Map([...results].map(([label, rounds]) => [label, medians(rounds)]));
}

async function oneRound(side: Side, load: Load, options: RoundOptions): Promise<LoadResult> {
  const { seconds, warmupSeconds } = options;
  let best: LoadResult | null = null;
  for (let repeat = 0; repeat <= options.repeatsMax; repeat += 1) {
    const result = await side.run({ ...load.plan, seconds, warmupSeconds });
    if (!best || result.cores.others < best.cores.others) best = result;
    if (best.cores.others <= othersMax) break;
  }
  return best as LoadResult;
}

export function oneLine(result: LoadResult): string {
  const { perSecond, latency, cores, failed, unsent, firstError } = result;
  const rate = `${perSecond}/s p50 ${millis(latency.p50)} p99 ${millis(latency.p99)} ms`;
  const use = `cores load ${cores.load} servers ${cores.servers} others ${cores.others}`;
  const trouble = failed + unsent > 0 ? ` failed ${failed} unsent ${unsent}: ${firstError}` : '';
  return `${rate}, ${cpuMicrosOf(result).toFixed(0)} µs CPU each, ${use}${trouble}`;
}

export function medians(rounds: readonly LoadResult[]): Measured {
  const of = (pick: (result: LoadResult) => number): number => median(rounds.map(pick));
  return {
    perSecond: of((r) => r.perSecond),
    p50: of((r) => r.latency.p50),
    p99: of((r) => r.latency.p99),
    failed: rounds.reduce((sum, r) => sum + r.failed, 0),
    cores: {
      load: of((r) => r.cores.load),
      servers: of((r) => r.cores.servers),
      others: of((r) => r.cores.others),
    },
    cpuMicros: Math.round(of((r) => cpuMicrosOf(r)) * 10) / 10,
    firstError: rounds.find((r) => r.firstError !== null)?.firstError ?? null,
    rounds,
  };
}

function cpuMicrosOf({ cores, perSecond }: LoadResult): number {
  return perSecond === 0 ? 0 : ((cores.load + cores.servers) * 1e6) / perSecond;
}

/** The middle value; the mean of the two in the middle for an even count. 0 for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  if (sorted.length % 2 === 1) return high;
  return ((sorted[middle - 1] ?? high) + high) / 2;
}

export const millis = (micros: number): string => (micros / 1000).toFixed(micros < 10_000 ? 2 : 1);
