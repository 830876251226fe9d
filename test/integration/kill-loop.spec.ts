import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';

// KILLS=500 npm run jest -- test/integration/kill-loop.spec.ts     the long form
const kills = Number(process.env['KILLS'] ?? 10);
const writer = 'test/integration/raft/kill-loop-writer.mjs';

interface Life {
  /** The highest number it held when it came up; −1 when it never did. */
  readonly holds: number;
  /** The highest that it acknowledged; 0 for none. */
  readonly acknowledged: number;
  readonly complaint: string;
}

/** Starts the writer and kills it when it has acknowledged for `afterMs`. */
async function live(directory: string, afterMs: number): Promise<Life> {
  const child = spawn(process.execPath, [writer, directory], { stdio: 'pipe' });
  let holds = -1;
  let acknowledged = 0;
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number] = line.split(' ');
    if (word === 'holds') holds = Number(number);
    else if (acknowledged === 0) setTimeout(() => child.kill('SIGKILL'), afterMs);
    if (word === 'acknowledged') acknowledged = Math.max(acknowledged, Number(number));
  }
  await ended;
  return { holds, acknowledged, complaint };
}

describe('a replica on a real disk', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'metad-kill-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it(
    `has every acknowledged entry after each of ${kills} times that it was killed`,
    async () => {
      const random = seededRandom(Date.now() & 0xffff);
      let promised = 0;
      for (let at = 0; at <= kills; at += 1) {
        const life = await live(directory, random.below(300));
        expect(life.complaint).toBe('');
        expect(life.holds).toBeGreaterThanOrEqual(promised);
        expect(life.acknowledged).toBeGreaterThan(life.holds);
        promised = life.acknowledged;
      }
      expect(promised).toBeGreaterThan(10 * kills);
    },
    60_000 + kills * 20_000,
  );
});
