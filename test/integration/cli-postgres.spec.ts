import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { startPostgres } from '../../src/cli/embedded/index.js';
import type { RunningPostgres } from '../../src/cli/embedded/index.js';

let folder: string;
let running: RunningPostgres[] = [];

async function start(
  dataDir: string,
  source: 'embedded' | 'system' | 'any' = 'any',
): Promise<RunningPostgres> {
  const postgres = await startPostgres({ dataDir, source });
  running.push(postgres);
  return postgres;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-pg-'));
  await chmod(folder, 0o711);
});
afterEach(async () => {
  await Promise.all(running.map((postgres) => postgres.stop()));
  running = [];
  await rm(folder, { recursive: true, force: true });
});

describe('the embedded Postgres', () => {
  it('starts from nothing, keeps its data over a restart, and leaves no process', async () => {
    const first = await start(join(folder, 'pg'));
    await ask(first.url, 'CREATE TABLE kept (n int)');
    await ask(first.url, 'INSERT INTO kept VALUES (7)');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await start(join(folder, 'pg'));
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('listens on the loopback alone and wants its generated password', async () => {
    const postgres = await start(join(folder, 'pg'));
    expect(await ask(postgres.url, 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ]);
    const wrong = postgres.url.replace(/:[^:@]+@/, ':guessed@');
    await expect(ask(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const password = await stat(join(postgres.folder, 'password'));
    expect(password.mode & 0o077).toBe(0);
  });

  it('goes when its launcher is killed, or at the next start at the latest', async () => {
    const code = `
      const { startPostgres } = await import(${JSON.stringify(modulePath())});
      const pg = await startPostgres({ dataDir: ${JSON.stringify(join(folder, 'pg'))} });
      console.log(pg.pid);
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const orphan = Number(line.toString());
    expect(isAlive(orphan)).toBe(true);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    const next = await start(join(folder, 'pg'));
    expect(isAlive(orphan)).toBe(false);
    expect(await ask(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('respects a server whose launcher still lives', async () => {
    const first = await start(join(folder, 'pg'));
    await writeFile(join(first.folder, 'owner.pid'), String(process.ppid));
    await expect(startPostgres({ dataDir: join(folder, 'pg') })).rejects.toThrow(/is in use/);
    expect(await ask(first.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('starts over a stale pid file whose number belongs to something else by now', async () => {
    const first = await start(join(folder, 'pg'));
    const pidFile = join(first.folder, 'cluster', 'postmaster.pid');
    const text = await readFile(pidFile, 'utf8');
    await first.stop();
    await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)));
    const second = await start(join(folder, 'pg'));
    expect(second.pid).not.toBe(process.pid);
  });

  it('lies elsewhere when its user cannot enter the data directory', async () => {
    await chmod(folder, 0o700);
    const first = await start(join(folder, 'pg'));
    const isRoot = process.getuid?.() === 0;
    expect(first.folder.startsWith('/var/tmp/metad-')).toBe(isRoot);
    await ask(first.url, 'CREATE TABLE kept (n int)');
    await first.stop();
    const second = await start(join(folder, 'pg'));
    expect(await ask(second.url, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }]);
    await second.stop();
    if (isRoot) await rm(second.folder, { recursive: true });
  });

  it('can be started twice side by side', async () => {
    const [one, two] = await Promise.all([start(join(folder, 'a')), start(join(folder, 'b'))]);
    expect(one.port).not.toBe(two.port);
  });
});

function modulePath(): string {
  return new URL('../../dist/src/cli/embedded/index.js', import.meta.url).href;
}
