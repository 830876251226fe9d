import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nextFreePort } from '../free-port.js';
import type { Infrastructure } from './infrastructure.js';
import type { LaunchOptions } from './launch-options.js';
import type { LogLine } from '../../app/telemetry/log-line.js';
import { NodeProcess } from './node-process.js';
import type { NodeExit, NodePlan } from './node-process.js';

const restartDelayMs = 3_000;
const restartDelayMsMax = 60_000;
/** A node that lives shorter than this after a restart waits twice as long before the next. */
const shortLifeMs = 15_000;
const drainMsMax = 20_000;

/** What the launcher tells its user while the nodes run. */
export interface ClusterEvents {
  onLine(node: string, line: LogLine): void;
  onNotice(text: string): void;
}

/** The nodes of this machine: started together, restarted one by one, drained together. */
export class LocalCluster {
  readonly names: readonly string[];
  private readonly nodes = new Map<string, NodeProcess>();
  private readonly plans = new Map<string, NodePlan>();
  private readonly delays = new Map<string, number>();
  private readonly watches: Promise<void>[] = [];
  private readonly stopping = new AbortController();

  constructor(
    private readonly options: LaunchOptions,
    private readonly events: ClusterEvents,
  ) {
    this.names = Array.from({ length: options.nodes }, (_, at) => `n${at + 1}`);
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Holds the process id of a node that runs. */
  pidFile(name: string): string {
    return join(this.options.dataDir, name, 'pid');
  }

  /** Starts every node; resolves with their HTTP addresses, in order, when all serve. */
  async start(
    program: string,
    infrastructure: Infrastructure,
    env: NodeJS.ProcessEnv,
  ): Promise<string[]> {
    const taken = new Set<number>();
    for (const name of this.names) {
      if (this.isStopping) return [];
      const first = this.options.httpPort;
      const port = first === 0 ? 0 : await nextFreePort(first, taken);
      taken.add(port);
      const plan = this.plan(name, program, { infrastructure, env, port });
      this.plans.set(name, plan);
      this.launch(plan);
    }
    return Promise.all([...this.nodes.values()].map((node) => node.ready));
  }

  /** Drains every node, and kills what has not ended in time. Nothing is left afterwards. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const lives = [...this.nodes.values()];
    for (const node of lives) node.signal('SIGTERM');
    const all = Promise.all(lives.map((node) => node.exited));
    const patience = new AbortController();
    const late = sleep(drainMsMax, 'late' as const, { signal: patience.signal }).catch(() => null);
    if ((await Promise.race([all, late])) === 'late') {
      const names = lives.filter((node) => !node.hasExited).map((node) => node.plan.name);
      this.events.onNotice(`${names.join(', ')} did not drain in time: killed`);
      this.kill();
    }
    await all;
    patience.abort();
    await Promise.all(this.watches);
  }

  kill(): void {
    this.stopping.abort();
    for (const node of this.nodes.values()) node.signal('SIGKILL');
  }

  /** `written` resolves once whoever is told that the node is back finds its pid. */
  private launch(plan: NodePlan): { node: NodeProcess; written: Promise<void> } {
    const node = new NodeProcess(plan, (line) => this.events.onLine(plan.name, line));
    this.nodes.set(plan.name, node);
    this.watches.push(this.watch(node, Date.now()));
    const written = this.writePid(node);
    this.watches.push(written);
    return { node, written };
  }

  private async watch(node: NodeProcess, startedAt: number): Promise<void> {
    const exit = await node.exited;
    if (this.isStopping) return;
    const { name } = node.plan;
    const cause = `${name} (process ${node.pid}) ended: ${describe(exit)}`;
    if (!this.options.restart) {
      this.events.onNotice(`${cause}\n  start it again with: ${restartCommand(node.plan)}`);
      return;
    }
    const lived = Date.now() - startedAt;
    const before = this.delays.get(name) ?? restartDelayMs;
    const delay = lived < shortLifeMs ? Math.min(before * 2, restartDelayMsMax) : restartDelayMs;
    this.delays.set(name, delay);
    this.events.onNotice(`${cause}; it starts again in ${Math.round(before / 1_000)} s`);
    await sleep(before, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    if (this.isStopping) return;
    const { node: next, written } = this.launch(node.plan);
    void next.ready.then(
      async (http) => {
        await written;
        this.events.onNotice(`${name} is back (process ${next.pid}): ${http}`);
      },
      () => undefined,
    );
  }

  /**
   * For `kill -9 $(cat data/n1/pid)`. After the node is ready: its directory is its own to make.
   */
  private async writePid({ plan, pid, ready }: NodeProcess): Promise<void> {
    const isReady = await ready.then(
      () => true,
      () => false,
    );
    if (!isReady) return;
    const file = this.pidFile(plan.name);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `${pid}\n`);
    } catch (error) {
      this.events.onNotice(`${file} could not be written: ${(error as Error).message}`);
    }
  }

  private plan(
    name: string,
    program: string,
    given: { infrastructure: Infrastructure; env: NodeJS.ProcessEnv; port: number },
  ): NodePlan {
    const own: Record<string, string> = {
      METAD_NODE: name,
      METAD_MEMBERS: this.names.join(','),
      METAD_DATA_DIR: join(this.options.dataDir, name),
      METAD_PARTITIONS: String(this.options.partitions),
      METAD_HTTP_PORT: String(given.port),
      NATS_URL: given.infrastructure.natsUrl,
      DATABASE_URL: given.infrastructure.databaseUrl,
    };
    // One schema for several nodes would be one read model written by all of them.
    const schema = given.env['DATABASE_SCHEMA'];
    if (schema !== undefined && schema !== '') own['DATABASE_SCHEMA'] = `${schema}_${name}`;
    mkdirSync(this.options.dataDir, { recursive: true });
    const lines = Object.entries(own).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    writeFileSync(this.envFile(name), `${lines.join('\n')}\n`, { mode: 0o600 });
    const logFile = join(this.options.dataDir, `${name}.log`);
    return { name, program, env: { ...given.env, ...own }, logFile, envFile: this.envFile(name) };
  }

  private envFile(name: string): string {
    return join(this.options.dataDir, `${name}.env`);
  }
}

function describe({ code, signal }: NodeExit): string {
  return signal === null ? `exit code ${code}` : signal;
}

function restartCommand(plan: NodePlan): string {
  return `node --env-file=${plan.envFile} ${plan.program}`;
}
