// What the runs of jest wrote down.
//     node .ci/results.mjs failed <file>     the suites of one run that failed, a line each
//     node .ci/results.mjs sum <folder>      one line for all runs; exit code 1 if anything failed
//
// A run `<name>.again.json` holds suites of `<name>.json` that failed there and were run once more by
// themselves: its word counts for them, and the line before the last names them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (file) => JSON.parse(readFileSync(file, 'utf8')).testResults;

const countOf = (suite, status) =>
  suite.assertionResults.filter((test) => test.status === status).length;
// A suite that did not even load has no tests to count.
const failuresOf = (suite) => Math.max(countOf(suite, 'failed'), suite.status === 'failed' ? 1 : 0);

function printFailed(file) {
  for (const suite of read(file)) if (failuresOf(suite) > 0) console.log(suite.name);
}

/** The suites of a run by name, each as it ended when it was run last. */
function suitesOf(folder, name) {
  const files = [`${name}.json`, `${name}.again.json`];
  const there = new Set(readdirSync(folder));
  const runs = files.filter((file) => there.has(file)).map((file) => read(join(folder, file)));
  return new Map(runs.flat().map((suite) => [suite.name, suite]));
}

function sum(folder) {
  const names = readdirSync(folder).flatMap((file) => /^(\w+)\.json$/.exec(file)?.[1] ?? []);
  const suites = names.flatMap((name) => [...suitesOf(folder, name).values()]);
  const again = readdirSync(folder).filter((file) => file.endsWith('.again.json'));
  const alone = again.flatMap((file) => read(join(folder, file)).map((suite) => suite.name));
  if (alone.length > 0) console.log(`\nrun once more by themselves: ${alone.join(', ')}`);
  const passed = suites.reduce((all, suite) => all + countOf(suite, 'passed'), 0);
  const failed = suites.reduce((all, suite) => all + failuresOf(suite), 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

const [what, where] = process.argv.slice(2);
if (what === 'failed') printFailed(where);
else sum(where);
