import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { withDeathSignal } from '../death-signal.js';
import { NodeLog } from './node-log.js';
import type { LogLine } from '../../app/telemetry/log-line.js';

/** How one node is started, each time it is. */
export interface NodePlan {
  readonly name: string;
  /** The built `main.js`. */
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Its settings in a file, for starting it by hand. */
  readonly envFile: string;
}

export interface NodeExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * A node's young objects live for a round trip of consensus: with room for 32 MiB of them most are
 * dead when the collector comes, and commands cost about a tenth less. Starting with 16 MiB, and
 * with an old generation that is not collected in full below 128 MiB, keeps the first minutes free
 * of collections in close succession, which watchers see as pauses. Later the old generation may
 * grow to four times of what lives in it, the most that V8 itself would allow: else the collector
 * comes back after 10 MiB, every few seconds. What a smaller heap would cost is in the benchmark's
 * journal (records as bytes). The same flags stand in the Dockerfile, the systemd unit and the
 * first line of `bin/metad.mjs`.
 */
export const NODE_FLAGS = [
  '--enable-source-maps',
  '--max-semi-space-size=32',
  '--min-semi-space-size=16',
  '--initial-old-space-size=128',
  '--heap-growing-percent=300',
];

/** One life of a node: from spawn to exit. A restart is a new one. */
export class NodeProcess {
  readonly pid: number;
  /** Resolves with the node's HTTP address when it serves; rejects if it ends before that. */
  readonly ready: Promise<string>;
  readonly exited: Promise<NodeExit>;
  hasExited = false;
  readonly log: NodeLog;
  private readonly child: ChildProcess;

  constructor(
    readonly plan: NodePlan,
    onLine: (line: LogLine) => void,
  ) {
    let onReady: (http: string) => void = () => undefined;
    this.log = new NodeLog(plan.logFile, (line) => {
      const http = readyAddress(line);
      if (http !== null) onReady(http);
      onLine(line);
    });
    this.child = start(plan);
    this.pid = this.child.pid ?? 0;
    this.child.stdout?.on('data', (chunk: Buffer) => this.log.add(chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.log.add(chunk));
    this.exited = this.untilExit();
    this.ready = new Promise((resolve, reject) => {
      onReady = resolve;
      void this.exited.then(() => reject(new Error(this.lastWords())));
    });
    // Whoever does not wait for it must not be hit by its rejection.
    this.ready.catch(() => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasExited) this.child.kill(signal);
  }

  private async untilExit(): Promise<NodeExit> {
    const exit = await new Promise<NodeExit>((resolve) => {
      this.child.once('error', (error) => {
        this.log.add(Buffer.from(`${error.message}\n`));
        resolve({ code: 1, signal: null });
      });
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
    this.hasExited = true;
    await this.log.close();
    return exit;
  }

  private lastWords(): string {
    const words = this.log.tail.slice(-8).map((line) => `  ${line}`);
    return [`${this.plan.name} ended before it was ready; its last lines:`, ...words].join('\n');
  }
}

/** In a session of its own: Ctrl-C is for the launcher, which then drains the nodes in order. */
function start(plan: NodePlan): ChildProcess {
  const command = [process.execPath, ...NODE_FLAGS, plan.program];
  const [file = process.execPath, ...args] = withDeathSignal('TERM', command);
  return spawn(file, args, {
    env: plan.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
}

function readyAddress(line: LogLine): string | null {
  const { http } = line.fields;
  if (line.message !== 'ready') return null;
  return typeof http === 'string' ? http : '';
}
