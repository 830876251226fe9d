import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { NodeLog } from './node-log.js';
import type { LogLine } from '../../app/telemetry/log-line.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a node log', () => {
  it('keeps every byte and hands on whole lines, however they are cut', async () => {
    const lines: LogLine[] = [];
    const log = new NodeLog(join(folder, 'n1.log'), (line) => lines.push(line));
    const text = '{"level":"warn","msg":"slow","ms":7}\nplain text\n{"level":30,"msg":"ready"}\n';
    for (const char of text) log.add(Buffer.from(char));
    await log.close();
    expect(await readFile(join(folder, 'n1.log'), 'utf8')).toBe(text);
    expect(lines).toEqual([
      { level: 40, message: 'slow', fields: { ms: 7 } },
      { level: 50, message: 'plain text', fields: {} },
      { level: 30, message: 'ready', fields: {} },
    ]);
  });

  it('remembers the last lines for when the node fails', () => {
    const log = new NodeLog(join(folder, 'n1.log'), () => undefined);
    for (let at = 0; at < 100; at += 1) log.add(Buffer.from(`line ${at}\n`));
    expect(log.tail).toHaveLength(20);
    expect(log.tail.at(-1)).toBe('line 99');
    return log.close();
  });
});
