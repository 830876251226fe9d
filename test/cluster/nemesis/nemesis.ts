import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../topology/cluster.js';
import { describeFault } from './fault.js';
import type { Fault, FaultKind, LinkManner, PlannedFault } from './fault.js';

type Undo = () => Promise<void> | void;

const brokerDownMsMax = 3_000;

/** Does planned faults to a cluster, each at its time, and takes each back when it is over. */
export class Nemesis {
  private readonly undone: Promise<void>[] = [];
  private diskWasFull = false;
  /** What went wrong while doing or undoing: a node that does not start again is a finding. */
  readonly troubles: string[] = [];

  constructor(
    private readonly cluster: Cluster,
    private readonly say: (line: string) => void,
  ) {}

  /** Resolves when the last fault is over. */
  async carryOut(planned: readonly PlannedFault[]): Promise<void> {
    const startedAt = performance.now();
    for (const entry of planned) {
      await sleep(Math.max(0, startedAt + entry.at - performance.now()));
      this.say(describeFault(entry));
      this.undone.push(this.during(entry));
    }
    await Promise.all(this.undone);
  }

  private async during({ fault, lasts }: PlannedFault): Promise<void> {
    try {
      const undo = await this.strike(fault, lasts);
      await sleep(lasts);
      this.lookForTheDead();
      await undo();
    } catch (error) {
      this.troubles.push(`${fault.kind}: ${String(error)}`);
    }
  }

  private async strike(fault: Fault, lasts: number): Promise<Undo> {
    const { nodes, brokers, database, disk, clocks } = this.cluster;
    switch (fault.kind) {
      case 'kill':
        return this.killed(fault.nodes, 'SIGKILL');
      case 'power-loss':
        // The power-loss file system takes back what was not fsynced, then kills its process.
        return this.killed([...nodes.keys()], 'SIGUSR2');
      case 'pause':
        for (const at of fault.nodes) nodes[at]?.signal('SIGSTOP');
        return () => fault.nodes.forEach((at) => nodes[at]?.signal('SIGCONT'));
      case 'restart-broker':
        await brokers[fault.broker]?.restart(Math.min(lasts, brokerDownMsMax));
        return nothing;
      case 'restart-database':
        await database.restart(Math.min(lasts, brokerDownMsMax));
        return nothing;
      case 'split':
        return this.split(fault.manner, new Set(fault.side));
      case 'fill-disk':
        disk?.fill();
        this.diskWasFull = true;
        return () => disk?.free();
      case 'step-clock':
        clocks[fault.node]?.step(fault.offsetMs);
        return () => clocks[fault.node]?.step(0);
    }
  }

  private async killed(which: readonly number[], signal: NodeJS.Signals): Promise<Undo> {
    const nodes = which.map((at) => this.cluster.nodes[at]).filter((node) => node !== undefined);
    // A paused process would keep SIGUSR2 for later.
    for (const node of nodes) if (signal !== 'SIGKILL') node.signal('SIGCONT');
    await Promise.all(nodes.map((node) => node.end(signal)));
    // Not awaited until healing: without a quorum, or beside the next fault, it cannot be ready.
    return () => nodes.forEach((node) => node.alive || node.launch());
  }

  /** A node that ended without being told has given up; only a full disk is a reason to. */
  private lookForTheDead(): void {
    for (const node of this.cluster.nodes) {
      if (!node.endedByItself) continue;
      if (this.diskWasFull) this.say(`${node.name} ended by itself, on a disk that was full`);
      else this.troubles.push(`${node.name} ended by itself: ${node.tail()}`);
      node.launch();
    }
  }

  private split(manner: LinkManner, side: ReadonlySet<number>): Undo {
    const cut = this.cluster.routes.filter(({ from, to }) => side.has(from) !== side.has(to));
    for (const { to, proxy } of cut) {
      proxy.misbehave(manner, side.has(to) ? 'forward' : 'backward');
    }
    return () => cut.forEach(({ proxy }) => proxy.heal());
  }
}

const nothing: Undo = () => undefined;

/** What this machine can do; the rest is said to be missing, and why. */
export function availableFaults(cluster: Cluster): { kinds: FaultKind[]; missing: string[] } {
  const kinds: FaultKind[] = [
    'kill',
    'power-loss',
    'pause',
    'restart-broker',
    'split',
    'restart-database',
  ];
  const missing: string[] = [];
  if (cluster.disk) kinds.push('fill-disk');
  else missing.push('fill-disk: this user may not mount a tmpfs');
  if (cluster.clocks.length > 0) kinds.push('step-clock');
  else missing.push('step-clock: libfaketime is not installed');
  return { kinds, missing };
}
