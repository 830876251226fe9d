#!/usr/bin/env -S node --max-semi-space-size=32 --min-semi-space-size=16 --initial-old-space-size=128 --heap-growing-percent=300
/** `metad serve` runs one node; `metad start` a whole cluster on this machine. */
import { run } from './run.mjs';

const PROGRAMS = {
  serve: 'src/main.js',
  config: 'src/main.js',
  token: 'src/main.js',
  start: 'src/cli/launcher/main.js',
};
/** The program of a node tells these apart by itself. */
const KEPT = ['config', 'token'];
const USAGE = `Usage:
  metad serve [--node n1 …]     one node, configured by the environment or flags of the same names
  metad config print            what a node started like this would run with, and where it is from
  metad token create --role …   a token for HTTP
  metad start [--nodes 3 …]     a whole cluster on this machine, for development
`;

const [, , word] = process.argv;
const program = Object.hasOwn(PROGRAMS, word ?? '') ? PROGRAMS[word] : undefined;
if (program === undefined) {
  const isHelp = word === '--help' || word === '-h' || word === 'help';
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  process.exitCode = isHelp ? 0 : 1;
} else {
  if (!KEPT.includes(word)) process.argv.splice(2, 1);
  await run(program, 'if missing');
}
