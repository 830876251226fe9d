import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadHasher } from '@metad/partition';
import { referencePages } from './pages.js';

// `npm run docs [-- <folder>]`: writes what the test beside it compares.
const folder = process.argv[2] ?? 'docs/reference';
await loadHasher();
for (const [name, text] of await referencePages()) {
  const path = join(folder, name);
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}
