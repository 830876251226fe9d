import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Child, eventually, listening } from './child.js';

const installedUnder = '/usr/lib/postgresql';
const user = 'postgres';
const startMsMax = 60_000;

export interface PostgresOptions {
  /** Created when missing; every folder above it must be enterable by user `postgres`. */
  readonly directory: string;
  readonly port: number;
  readonly settings?: Readonly<Record<string, string>>;
}

/** Debian's PostgreSQL on loopback, run as user `postgres`. */
export class PostgresServer {
  /** One after the other: each would start a server, and one of them nobody would end. */
  private restarting: Promise<void> = Promise.resolve();

  private constructor(
    private readonly options: PostgresOptions,
    private child: Child,
  ) {}

  static async start(options: PostgresOptions): Promise<PostgresServer> {
    if (!existsSync(options.directory)) initialise(options.directory);
    const server = new PostgresServer(options, launch(options));
    await server.answering();
    return server;
  }

  /** It listens before it answers: at first it may still be reading its log. */
  private async answering(): Promise<void> {
    await listening(this.options.port, this.child);
    await eventually('PostgreSQL to answer', () => isAnswering(this.url), startMsMax);
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.options.port}/postgres`;
  }

  get pid(): number {
    return this.child.pid;
  }

  /** SIGQUIT is PostgreSQL's immediate shutdown: a crash, after which it recovers its log. */
  restart(pauseMs: number): Promise<void> {
    const restarted = this.restarting.then(() => this.restartNow(pauseMs));
    this.restarting = restarted.catch(() => undefined);
    return restarted;
  }

  private async restartNow(pauseMs: number): Promise<void> {
    await this.child.end('SIGQUIT');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.child = launch(this.options);
    await this.answering();
  }

  async stop(): Promise<void> {
    await this.restarting;
    await this.child.end('SIGINT', 5_000);
  }
}

async function isAnswering(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function binary(name: string): string {
  const [newest] = readdirSync(installedUnder).sort((a, b) => Number(b) - Number(a));
  return join(installedUnder, String(newest), 'bin', name);
}

function initialise(directory: string): void {
  mkdirSync(directory, { recursive: true });
  execFileSync('chown', [user, directory]);
  chmodSync(directory, 0o700);
  const drop = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--'];
  const initdb = [binary('initdb'), '-D', directory, '-A', 'trust', '-U', 'postgres', '-N'];
  execFileSync('setpriv', [...drop, ...initdb], { stdio: 'ignore', cwd: '/' });
}

function launch(options: PostgresOptions): Child {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '4GB',
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return Child.start({
    command: binary('postgres'),
    args: ['-D', options.directory, ...flags],
    logFile: `${options.directory}.log`,
    user,
    cwd: '/',
  });
}
