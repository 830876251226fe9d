import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const program = join(import.meta.dirname, '../../.ci/audit.mjs');
const allowedFile = join(mkdtempSync(join(tmpdir(), 'metad-allowed-')), 'allowed.json');

const advisory = (severity: string) => ({
  source: 1,
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  title: 'it breaks',
  severity,
});
const reportOf = (...via: unknown[]): string =>
  JSON.stringify({
    vulnerabilities: { left: { name: 'left', via }, top: { name: 'top', via: ['left'] } },
  });

function judge(
  report: string,
  allowed: readonly object[] = [],
): { code: number | null; said: string } {
  writeFileSync(allowedFile, JSON.stringify(allowed));
  const ran = spawnSync(process.execPath, [program, allowedFile], { input: report });
  return { code: ran.status, said: ran.stdout.toString() };
}

describe('the audit of dependencies', () => {
  it.each(['', 'no JSON', '{"message":"405 Method Not Allowed","statusCode":405}'])(
    'passes, and says so, where the registry has no such service: %p',
    (report) => {
      expect(judge(report)).toMatchObject({ code: 0, said: expect.stringContaining('no report') });
    },
  );

  it.each([
    ['low', 0],
    ['moderate', 0],
    ['high', 1],
    ['critical', 1],
  ])('with a %s advisory ends with %p', (severity, code) => {
    expect(judge(reportOf(advisory(severity))).code).toBe(code);
  });

  it('takes a reason, until its day has passed', () => {
    const exception = { advisory: 'GHSA-aaaa-bbbb-cccc', reason: 'not reached from here' };
    const report = reportOf(advisory('high'));
    expect(judge(report, [{ ...exception, until: '2999-01-01' }]).code).toBe(0);
    expect(judge(report, [{ ...exception, until: '2020-01-01' }]).code).toBe(1);
    expect(judge(report, [{ ...exception, advisory: 'other', until: '2999-01-01' }]).code).toBe(1);
  });
});
