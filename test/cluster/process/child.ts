import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Real processes for the benchmark and the cluster test: each is ended by its own pid, and dies
 * with the harness (`setpriv --pdeathsig`), so that an interrupted run leaves nothing behind.
 */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** Standard output and error are appended here. */
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Runs as this unprivileged user (PostgreSQL refuses to run as root). */
  readonly user?: string;
}

const running = new Set<Child>();

process.once('exit', () => {
  for (const child of running) child.signal('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130));
}

export class Child {
  readonly exited: Promise<number | null>;
  private done = false;

  private constructor(
    private readonly handle: ChildProcess,
    readonly name: string,
  ) {
    running.add(this);
    this.exited = new Promise((resolve) => {
      const end = (code: number | null): void => {
        this.done = true;
        running.delete(this);
        resolve(code);
      };
      handle.once('exit', end);
      handle.once('error', () => end(-1));
    });
  }

  static start(options: ChildOptions): Child {
    const log = openSync(options.logFile, 'a');
    const user = options.user
      ? [`--reuid=${options.user}`, `--regid=${options.user}`, '--clear-groups']
      : [];
    const args = ['--pdeathsig', 'KILL', ...user, '--', options.command, ...options.args];
    const handle = spawn('setpriv', args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    closeSync(log);
    return new Child(handle, options.command);
  }

  get pid(): number {
    return this.handle.pid ?? -1;
  }

  get alive(): boolean {
    return !this.done;
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.done && this.handle.pid !== undefined) this.handle.kill(signal);
  }

  /** Asks with `signal`, and insists with SIGKILL after `graceMs`. */
  async end(signal: NodeJS.Signals = 'SIGTERM', graceMs = 10_000): Promise<void> {
    this.signal(signal);
    const late = new AbortController();
    await Promise.race([
      this.exited,
      sleep(graceMs, null, { signal: late.signal }).catch(() => {}),
    ]);
    late.abort();
    this.signal('SIGKILL');
    await this.exited;
  }
}

/** Resolves when something listens on the port; rejects when `child` ends first or time is up. */
export async function listening(port: number, child: Child, timeoutMs = 20_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (performance.now() < until) {
    if (!child.alive) throw new Error(`${child.name} ended before it listened on ${port}`);
    if (await accepts(port)) return;
    await sleep(25);
  }
  throw new Error(`${child.name} did not listen on ${port} within ${timeoutMs} ms`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => (socket.destroy(), resolve(false)));
  });
}

/** Polls until `probe` gives something; `what` names what was waited for in the error. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | null | undefined | false>,
  timeoutMs = 30_000,
): Promise<T> {
  const until = performance.now() + timeoutMs;
  let reason = '';
  while (performance.now() < until) {
    try {
      const found = await probe();
      if (found) return found;
    } catch (error) {
      reason = `: ${String(error)}`;
    }
    await sleep(50);
  }
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}${reason}`);
}
