import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { purposeOf, runScript } from '@metad/raft/testing';

// Every script is a golden file: commands, `---`, and what happened. To see what a change does to
// all of them: INTERACTION_REWRITE=1 npm run jest -- test/interaction, then read the difference.
const rewrite = process.env['INTERACTION_REWRITE'] === '1';

const chapters = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

describe.each(chapters)('interaction: %s', (chapter) => {
  const folder = join(import.meta.dirname, chapter);
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.txt'));

  it.each(scripts.sort())('%s', (script) => {
    const path = join(folder, script);
    const text = readFileSync(path, 'utf8');
    expect(purposeOf(text).length).toBeGreaterThan(40);
    const happened = runScript(text);
    if (rewrite) writeFileSync(path, happened);
    else expect(happened).toBe(text);
  });
});
