import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, MetadError, type ErrorCode } from '@metad/contract';
import { environmentSchema } from '../../src/app/configuration.js';

// The reference pages are written for people; this keeps them complete.
const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../docs/reference', name), 'utf8');
const rowsOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('| '));

describe('the reference', () => {
  it('has a row for every variable and no other', () => {
    const named = rowsOf(page('configuration.md')).flatMap((row) => {
      const [, first = ''] = row.split('|');
      return [...first.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name ?? '');
    });
    expect(named.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
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
