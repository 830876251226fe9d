import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { judge } from './check/verdict.js';
import { readRunOptions, usage } from './run-options.js';
import { runCluster } from './run.js';

/**
 * `npm run test:cluster`: real processes, faults drawn from a seed, and a verdict. Exit code 0 is
 * a pass, 1 a broken promise, 2 neither.
 */
const EXIT = { PASS: 0, FAIL: 1, 'NO PASS': 2 } as const;
const shownMax = 12;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  const options = readRunOptions(process.argv.slice(2));
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
  if (verdict === 'PASS') rmSync(directory, { recursive: true, force: true });
  else say(`logs and data are kept in ${directory}`);
  say(`seed ${seed} verdict ${verdict}`);
  process.exitCode = EXIT[verdict];
}

main().catch((error: unknown) => {
  say(`${String(error)}\n${usage}`);
  process.exitCode = 2;
});
