import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './check/verdict.js';
import { PLANTS, readRunOptions, usage } from './run-options.js';
import type { RunOptions } from './run-options.js';
import { runCluster } from './run.js';

/**
 * `npm run test:cluster`: real processes, faults drawn from a seed, and a verdict. Exit code 0 is
 * a pass, 1 a broken promise, 2 neither.
 */
const EXIT = { PASS: 0, FAIL: 1, 'NO PASS': 2 } as const;
const shownMax = 12;
const teethMinutes = 0.3;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const given = process.argv.slice(2);
  if (given.includes('--help') || given.includes('-h')) return say(usage);
  const options = readRunOptions(given);
  if (options.teeth) process.exitCode = (await hasTeeth(options)) ? 0 : 1;
  else process.exitCode = EXIT[await runOnce(options)];
}

async function runOnce(options: RunOptions): Promise<keyof typeof EXIT> {
  const { seed, minutes, nodes, partitions, plant } = options;
  say(`seed ${seed}, ${minutes} minutes, ${nodes} nodes, ${partitions} partitions, plant ${plant}`);
  const directory = mkdtempSync(join(tmpdir(), 'metad-cluster-'));
  chmodSync(directory, 0o755); // PostgreSQL runs as another user.
  const findings = await runCluster(options, directory, say);
  for (const [name, count] of Object.entries(findings.counts).sort()) {
    say(`${name}: ${count.answered} answered, ${count.unknown} unknown, ${count.failed} failed`);
  }
  const { verdict, reasons } = judge(findings);
  for (const reason of reasons.slice(0, shownMax)) say(`- ${reason}`);
  if (reasons.length > shownMax) say(`- and ${reasons.length - shownMax} more`);
  const keep = verdict !== 'PASS' && plant === 'none';
  if (keep) say(`logs and data are kept in ${directory}`);
  else rmSync(directory, { recursive: true, force: true });
  say(`seed ${seed} verdict ${verdict}`);
  return verdict;
}

/** Each planted fault must be found: a harness that has never failed proves nothing. */
async function hasTeeth(options: RunOptions): Promise<boolean> {
  const missed: string[] = [];
  for (const plant of PLANTS.filter((name) => name !== 'none')) {
    const faults = plant === 'no-fsync' ? ['power-loss'] : ['no fault'];
    const verdict = await runOnce({ ...options, minutes: teethMinutes, plant, faults });
    if (verdict !== 'FAIL') missed.push(plant);
  }
  say(missed.length === 0 ? 'all plants were found' : `not found: ${missed.join(', ')}`);
  return missed.length === 0;
}

main().catch((error: unknown) => {
  say(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 2;
});
