import { drawPlan } from '../faults/plan.js';
import { simulate } from '../simulate.js';
import type { Level, Report } from '../simulate.js';
import { readArguments, replayCommand } from './arguments.js';

// npm run sim:soak -- --minutes N [--from <seed>]
//
// Runs one seed after the other, three of four with whole nodes, until the time is over, and sums
// up. Every failure prints the command that replays it; exit code 1 when there was one.

interface Totals {
  seeds: Record<Level, number>;
  virtualHours: number;
  events: number;
  applied: number;
  operations: number;
  violations: number;
  faults: Record<string, number>;
}

function add(totals: Totals, level: Level, report: Report): void {
  totals.seeds[level] += 1;
  totals.virtualHours += report.virtualMs / 3_600_000;
  totals.events += report.events;
  totals.applied += report.applied;
  totals.operations += report.operations;
  for (const [kind, count] of Object.entries(report.faults)) {
    totals.faults[kind] = (totals.faults[kind] ?? 0) + count;
  }
}

const usage = `usage: npm run sim:soak -- [--minutes 30] [--from <seed>]
  one seed after the other, until the time is over; without --from any`;

async function main(): Promise<void> {
  const { options } = readArguments(process.argv.slice(2));
  if ('help' in options) return console.log(usage);
  const minutes = Number(options['minutes'] ?? 30);
  const from = Number(options['from'] ?? Date.now() % 1_000_000_000);
  const until = Date.now() + minutes * 60_000;
  const totals: Totals = {
    seeds: { core: 0, whole: 0 },
    virtualHours: 0,
    events: 0,
    applied: 0,
    operations: 0,
    violations: 0,
    faults: {},
  };
  let spoke = Date.now();
  for (let seed = from; Date.now() < until; seed += 1) {
    const level = seed % 4 === 0 ? 'core' : 'whole';
    try {
      add(totals, level, await simulate(drawPlan(seed), level));
    } catch (error) {
      totals.violations += 1;
      process.exitCode = 1;
      console.error(`${replayCommand(level, seed)}\n  ${String(error)}`);
    }
    if (Date.now() - spoke < 60_000) continue;
    spoke = Date.now();
    console.log(`seed ${seed}: ${totals.seeds.whole} whole, ${totals.seeds.core} core`);
  }
  console.log(JSON.stringify({ minutes, from, ...totals }, null, 2));
}

await main();
