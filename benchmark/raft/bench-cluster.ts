import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { NodeReport, Order, Plan, Recovered } from './plan.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const answer = (node: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => node.once('message', resolve));

/** The three node processes of a run. */
export class BenchCluster {
  private constructor(
    private readonly plan: Plan,
    private readonly profile: string | undefined,
    private readonly nodes: ChildProcess[],
  ) {}

  static async start(plan: Plan, profile?: string): Promise<BenchCluster> {
    const cluster = new BenchCluster(plan, profile, []);
    await Promise.all([0, 1, 2].map((at) => cluster.startNode(at)));
    return cluster;
  }

  async startNode(at: number): Promise<void> {
    const { plan, profile } = this;
    const profiling = profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [];
    const flags = ['--max-semi-space-size=32', '--min-semi-space-size=16', '--expose-gc'];
    const execArgv = [...flags, ...profiling]; // Young objects as in the service; `gc` to weigh.
    const node = fork(join(import.meta.dirname, 'node-process.js'), [], {
      env: { ...process.env, BENCH_PLAN: JSON.stringify(plan), BENCH_NODE: String(at) },
      serialization: 'advanced',
      execArgv,
    });
    this.nodes[at] = node;
    await answer(node);
  }

  /** Waits until partition p is led by node p mod 3. */
  async settleLeaders(): Promise<void> {
    for (;;) {
      await pause(500);
      const all = (await this.tell({ do: 'lead' })) as { led: number; wanted: number }[];
      if (all.every(({ led, wanted }) => led === wanted)) return;
    }
  }

  /** Kills a node and resolves with how long each of its partitions took no writes, in ms. */
  async killAndWatch(at: number): Promise<number[]> {
    const lost = this.plan.partitions / 3;
    const victim = this.nodes[at] as ChildProcess;
    const others = this.nodes.filter((node) => node !== victim);
    const found: number[] = [];
    for (const node of others) node.send({ do: 'takeOver' } satisfies Order);
    const killedAt = Date.now();
    const done = new Promise<void>((resolve) => {
      for (const node of others) {
        node.on('message', (message: Recovered) => {
          if (message.recovered === undefined) return;
          found.push(message.at - killedAt);
          if (found.length >= Math.floor(lost)) resolve();
        });
      }
    });
    victim.kill('SIGKILL');
    await done;
    for (const node of others) node.removeAllListeners('message');
    return found;
  }

  order(order: Order): void {
    for (const node of this.nodes) node.send(order);
  }

  tell(order: Order): Promise<unknown[]> {
    const answers = this.nodes.map((node) => answer(node));
    this.order(order);
    return Promise.all(answers);
  }

  async report(): Promise<NodeReport[]> {
    return (await this.tell({ do: 'report' })) as NodeReport[];
  }

  async quit(): Promise<void> {
    const ended = this.nodes.map((node) => new Promise((resolve) => node.once('exit', resolve)));
    this.order({ do: 'quit' });
    await Promise.all(ended);
  }
}
