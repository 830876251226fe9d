/** Runs a built program after making sure that there is one. Plain JavaScript, no dependencies. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare, projectRoot } from './prepare.mjs';

/** `when`: prepare always (what a developer starts), or only if nothing is built. */
export async function run(program, when) {
  const file = join(projectRoot, 'dist', program);
  try {
    if (when === 'always' || !existsSync(file)) prepare();
  } catch (error) {
    process.stderr.write(`metad: ${error.message}\n`);
    process.exitCode = 1;
    return;
  }
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(file).href);
}
