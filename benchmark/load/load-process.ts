import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PeerAddress } from '../peers/peer.js';
import type { LoadPlan, LoadResult } from './load-plan.js';

type Report = { ready?: true; result?: LoadResult; error?: string };

/** Handle on a load generator in its own process; one plan at a time. */
export class LoadProcess {
  private constructor(private readonly child: ChildProcess) {}

  static async start(address: PeerAddress, nodeFlags: string[] = []): Promise<LoadProcess> {
    const program = join(import.meta.dirname, 'main.js');
    const child = fork(program, [JSON.stringify(address)], { execArgv: nodeFlags });
    const load = new LoadProcess(child);
    await load.report();
    return load;
  }

  async run(plan: LoadPlan): Promise<LoadResult> {
    const report = this.report();
    this.child.send(plan);
    const { result } = await report;
    if (!result) throw new Error('the load process answered without a result');
    return result;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  private report(): Promise<Report> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the load process ended'));
      this.child.once('exit', onExit);
      this.child.once('message', (report: Report) => {
        this.child.off('exit', onExit);
        if (report.error === undefined) resolve(report);
        else reject(new Error(report.error));
      });
    });
  }
}
