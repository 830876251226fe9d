import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../../free-port.js';
import { withDeathSignal } from '../../death-signal.js';
import { findPostgresBinaries } from './binaries.js';
import type { PostgresBinaries } from './binaries.js';
import { isAlive, readPostmaster, reclaim } from './postmaster.js';
import {
  giveTo,
  reachableBinaries,
  reachableDataFolder,
  unprivilegedUser,
} from './unprivileged-user.js';
import type { RunAs } from './unprivileged-user.js';

/**
 * A Postgres of our own, for development, demonstration and tests: made on first use, listening on
 * 127.0.0.1 alone with a generated password, gone with the process that started it (where the
 * system can promise that; elsewhere the next start stops what was left).
 */
export interface PostgresOptions {
  /** Holds the cluster, its password and its log. Created if missing. */
  readonly dataDir: string;
  /** Default: a free one, another each time. */
  readonly port?: number;
  readonly source?: 'embedded' | 'system' | 'any';
}

export interface RunningPostgres {
  /** Superuser on database `metad`. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  readonly source: 'embedded' | 'system';
  /** Where the data really lies: elsewhere if its user cannot enter `dataDir`. */
  readonly folder: string;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<void>;
  /** Fast shutdown: open transactions are rolled back. Bounded; then it is killed. */
  stop(): Promise<void>;
}

const startMsMax = 30_000;
const stopMsMax = 10_000;
const pollMs = 10;
const portAttemptsMax = 5;
const logTailLines = 12;
const user = 'metad';
const database = 'metad';

interface Installation {
  readonly binaries: PostgresBinaries;
  readonly runAs: RunAs;
  readonly cluster: string;
  readonly log: string;
  readonly password: string;
}

export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const runAs = unprivilegedUser();
  const binaries = await reachableBinaries(await findPostgresBinaries(options.source), runAs);
  const folder = await realpath(await reachableDataFolder(resolve(options.dataDir), runAs));
  const cluster = join(folder, 'cluster');
  const ownerFile = join(folder, 'owner.pid');
  await reclaim(cluster, ownerFile);
  await writeFile(ownerFile, String(process.pid));
  const password = await readPassword(folder);
  const installation = { binaries, runAs, cluster, log: join(folder, 'postgres.log'), password };
  if (!existsSync(cluster)) await initialize(installation, folder);
  const { child, port } = await launch(installation, options.port);
  const url = `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  await createDatabase(url);
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const pid = child.pid ?? 0;
  return { url, port, pid, source: binaries.source, folder, exited, stop: () => stop(child) };
}

async function readPassword(folder: string): Promise<string> {
  const file = join(folder, 'password');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const made = randomBytes(18).toString('base64url');
  await writeFile(file, made, { mode: 0o600 });
  return made;
}

/** Made aside and renamed when complete: an interrupted initdb leaves nothing that looks usable. */
async function initialize(installation: Installation, folder: string): Promise<void> {
  const { binaries, runAs, cluster, log, password } = installation;
  const draft = `${cluster}.new`;
  const passwordFile = join(folder, 'initial-password');
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await giveTo(runAs, draft);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveTo(runAs, passwordFile);
  const flags = ['--username', user, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
  const settings = ['--encoding', 'UTF8', '--locale', 'C', '--no-sync'];
  const child = run(join(binaries.bin, 'initdb'), ['-D', draft, ...flags, ...settings], runAs, log);
  const code = await new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('exit', done);
  });
  await rm(passwordFile, { force: true });
  if (code !== 0) throw new Error(`initdb failed:\n${await tail(log)}`);
  await rename(draft, cluster);
}

/** Between finding a free port and listening on it somebody else may take it: tried again. */
async function launch(
  installation: Installation,
  wanted: number | undefined,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    const child = startServer(installation, port);
    try {
      await untilReady(child, installation, port);
      return { child, port };
    } catch (error) {
      child.kill('SIGKILL');
      if (wanted !== undefined || attempt === portAttemptsMax) throw error;
    }
  }
}

function startServer(installation: Installation, port: number): ChildProcess {
  const { binaries, runAs, cluster, log } = installation;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    log_min_messages: 'warning',
  };
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return run(join(binaries.bin, 'postgres'), ['-D', cluster, ...flags], runAs, log);
}

/** In a session of its own: Ctrl-C in the terminal is for the launcher, which stops it last. */
function run(file: string, args: readonly string[], runAs: RunAs, log: string): ChildProcess {
  const output = openSync(log, 'a', 0o600);
  try {
    const [command, ...rest] = withDeathSignal('INT', [file, ...args]);
    const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
    const stdio = ['ignore', output, output] as const;
    return spawn(command ?? file, rest, { ...runAs, env, stdio: [...stdio], detached: true });
  } finally {
    closeSync(output);
  }
}

async function untilReady(child: ChildProcess, at: Installation, port: number): Promise<void> {
  let failure: Error | null = null;
  child.once('error', (error) => (failure = error));
  const deadline = Date.now() + startMsMax;
  for (;;) {
    const found = await readPostmaster(at.cluster);
    if (found?.isReady && found.pid === child.pid && found.port === port) return;
    if (failure !== null) throw failure as Error;
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
      throw new Error(`Postgres did not start on port ${port}:\n${await tail(at.log)}`);
    }
    await sleep(pollMs);
  }
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url.replace(/\/[^/]*$/, '/postgres') });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [
      database,
    ]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    const deadline = Date.now() + stopMsMax;
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
      await sleep(pollMs);
    }
  }
  if (child.pid !== undefined && isAlive(child.pid)) {
    throw new Error(`Postgres ${child.pid} does not stop`);
  }
}

async function tail(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-logTailLines).join('\n');
}
