import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, MetadError, type ErrorCode } from '@metad/contract';

// The reference pages are written for people; this keeps them complete.
const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../docs/reference', name), 'utf8');
// The built one: what reads the command line of metactl cannot be loaded into a test.
const generator = join(import.meta.dirname, '../../dist/test/reference/main.js');
const rowsOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('| '));

describe('the reference', () => {
  it('is what the code says now: `npm run docs` writes it anew', () => {
    const folder = mkdtempSync(join(tmpdir(), 'metad-reference-'));
    execFileSync(process.execPath, [generator, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    const made = readdirSync(folder);
    expect(made).toEqual([
      'commands.md',
      'configuration.md',
      'errors.md',
      'metactl.md',
      'metrics.md',
    ]);
    for (const name of made) expect(page(name)).toBe(readFileSync(join(folder, name), 'utf8'));
    rmSync(folder, { recursive: true });
  });

  it('has a row for every error, with its status and whether to retry', () => {
    const rows = rowsOf(page('errors.md'))
      .map((row) => row.split('|').map((cell) => cell.trim()))
      .filter(([, status]) => /^\d+$/.test(status ?? ''))
      .map(([, status, code, retry]) => [code?.replaceAll('`', ''), Number(status), retry]);
    const expected = Object.entries(ERROR_CODES).map(([code, { status, retryable }]) => [
      code,
      status,
      retryable ? 'yes' : 'no',
    ]);
    expect(rows.sort()).toEqual(expected.sort());
  });

  it('calls every error definite but the one that is not', () => {
    const codes = Object.keys(ERROR_CODES) as ErrorCode[];
    const open = codes.filter((code) => !new MetadError(code, '').definite);
    expect(open).toEqual(['OUTCOME_UNKNOWN']);
  });
});
