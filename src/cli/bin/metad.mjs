#!/usr/bin/env node
/** `metad serve` runs one node; `metad start` a whole cluster on this machine. */
import { run } from './run.mjs';

const PROGRAMS = { serve: 'src/main.js', start: 'src/cli/launcher/main.js' };
const USAGE = `Usage:
  metad serve [--node n1 …]     one node, configured by the environment or flags of the same names
  metad start [--nodes 3 …]     a whole cluster on this machine, for development
`;

const [, , word] = process.argv;
const program = Object.hasOwn(PROGRAMS, word ?? '') ? PROGRAMS[word] : undefined;
if (program === undefined) {
  const isHelp = word === '--help' || word === '-h' || word === 'help';
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = isHelp ? 0 : 1;
} else {
  process.argv.splice(2, 1);
  await run(program, 'if missing');
}
