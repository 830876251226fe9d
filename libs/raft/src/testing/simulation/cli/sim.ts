import { drawPlan, focused } from '../faults/plan.js';
import { SABOTAGES } from '../faults/sabotage.js';
import { simulate } from '../simulate.js';
import { levelOf, readArguments } from './arguments.js';

// npm run sim -- <seed> [--level whole|core] [--bug <name>]
//
// Replays one seed: prints its plan and what happened, or what was violated (exit code 1). `--bug`
// plants one of the deliberate bugs first.

const usage = `usage: npm run sim -- <seed> [--level whole|core] [--bug <name>]
  bugs: ${SABOTAGES.map(({ name }) => name).join(', ')}`;

async function main(): Promise<void> {
  const { options, rest } = readArguments(process.argv.slice(2));
  const seed = Number(rest[0]);
  if ('help' in options || rest.length === 0 || !Number.isInteger(seed)) {
    console.log(usage);
    process.exitCode = 'help' in options ? 0 : 1;
    return;
  }
  const bug = SABOTAGES.find(({ name }) => name === options['bug']) ?? null;
  const drawn = drawPlan(seed);
  const plan = bug?.focus === undefined ? drawn : focused(drawn, bug.focus);
  console.log(plan);
  try {
    console.log(await simulate(plan, levelOf(options['level']), bug));
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  }
}

await main();
