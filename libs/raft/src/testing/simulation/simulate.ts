import type { NodeName } from '@metad/foundation';
import { Nemesis } from './faults/nemesis.js';
import type { DiskFaults, Plan } from './faults/plan.js';
import type { Sabotage } from './faults/sabotage.js';
import { castCores, castWholeNodes } from './nodes/cast.js';
import type { SimNode } from './nodes/sim-node.js';
import { Oracle } from './oracle/oracle.js';
import type { Witness } from './oracle/oracle.js';
import { Violation, demand } from './oracle/violation.js';
import { Client, Ledger } from './workload/client.js';
import { linearizabilityFault } from './workload/history.js';
import type { Operation } from './workload/history.js';
import { CALM, Network } from './world/network.js';
import { World } from './world/world.js';

/** What a run is made of: bare cores, many times faster, or nodes as they run in production. */
export type Level = 'core' | 'whole';

/** What a run was, when nothing was wrong. */
export interface Report {
  readonly seed: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly applied: number;
  readonly operations: number;
  readonly faults: Readonly<Record<string, number>>;
}

const CALM_DISK: DiskFaults = { syncMs: 1, laggardFactor: 1, stalling: 0, stallMs: 0 };
/** Logs are compared pairwise after so many events. */
const compareEvery = 500;

class Run {
  private readonly world: World;
  private readonly network: Network;
  private readonly oracle = new Oracle();
  private readonly ledger = new Ledger();
  private readonly nodes: readonly SimNode[];
  private readonly nemesis: Nemesis;
  private over = false;

  constructor(
    private readonly plan: Plan,
    level: Level,
    sabotage: Sabotage | null,
  ) {
    this.world = new World(plan.seed, level === 'whole');
    this.network = new Network(this.world);
    const cast = { plan, world: this.world, network: this.network, oracle: this.oracle, sabotage };
    this.nodes = level === 'core' ? castCores(cast) : castWholeNodes(cast);
    this.nemesis = new Nemesis(this.world, this.network, this.nodes, plan);
  }

  async run(): Promise<Report> {
    const { world, plan, network, nodes } = this;
    world.afterEvent = () => this.check();
    for (const node of nodes) node.start();
    network.faults = plan.links;
    nodes.forEach((node, at) => {
      const syncMs = plan.disk.syncMs * (at === 0 ? plan.disk.laggardFactor : 1);
      node.diskFaults({ ...plan.disk, syncMs });
    });
    this.makeClients().forEach((client) => client.start(() => this.over));
    this.nemesis.start();
    await world.runUntil(plan.faultsMs);
    this.nemesis.stop();
    network.faults = CALM;
    for (const node of nodes) node.diskFaults(CALM_DISK);
    this.over = true;
    await this.recover();
    this.judge();
    return this.report();
  }

  private makeClients(): readonly Client[] {
    const { plan, world, nodes, ledger } = this;
    return Array.from({ length: plan.clients }, (_, at) => {
      return new Client(`c${at + 1}`, world, nodes, ledger, plan.keys, plan.thinkMs);
    });
  }

  private witnesses(): readonly Witness[] {
    return this.nodes.map((node) => node.witness()).filter((witness) => witness !== null);
  }

  private check(): void {
    const witnesses = this.witnesses();
    for (const witness of witnesses) {
      if (this.oracle.observe(witness)) this.onMoment(witness.name);
    }
    if (this.world.events % compareEvery === 0) this.oracle.compareLogs(witnesses);
  }

  private onMoment(name: NodeName): void {
    const node = this.nodes.find((other) => other.name === name);
    if (node !== undefined) this.nemesis.onMoment(node);
  }

  /** Liveness: a client succeeds again, and every member has everything. */
  private async recover(): Promise<void> {
    const { world, plan } = this;
    const deadline = world.now + plan.recoveryMs;
    let alive = false;
    const client = new Client('last', world, this.nodes, this.ledger, plan.keys, plan.thinkMs);
    client.prove(() => {
      alive = true;
    });
    await world.runUntil(deadline, () => alive && this.isConverged());
    demand(alive, () => `liveness: no progress in ${plan.recoveryMs} ms: ${this.describe()}`);
    demand(this.isConverged(), () => `liveness: not all have everything: ${this.describe()}`);
  }

  private isConverged(): boolean {
    const leaders = this.nodes.filter((node) => node.status()?.role === 'leader');
    const status = leaders[leaders.length - 1]?.status();
    if (!status || status.commit !== status.lastIndex || status.conf !== status.confInForce) {
      return false;
    }
    return [...status.progress.keys()].every((name) => {
      const member = this.nodes.find((node) => node.name === name);
      const known = member?.status() ?? null;
      // One that has lost even its membership is right to stay away.
      return known === null ? member?.damaged === true : known.applied === status.lastIndex;
    });
  }

  private describe(): string {
    return this.nodes
      .map((node) => {
        const status = node.status();
        const trouble = node.lastTrouble === null ? '' : ` (${node.lastTrouble})`;
        return status === null ? `${node.name} down${trouble}` : describeStatus(status);
      })
      .join('; ');
  }

  private judge(): void {
    this.oracle.compareLogs(this.witnesses());
    for (const [id, index] of this.ledger.acknowledged) {
      const at = this.oracle.effects.get(id);
      demand(at !== undefined, () => `durability: ${id}, acknowledged at ${index}, had no effect`);
      demand(at <= index, () => `${id} was acknowledged at ${index}, before its effect at ${at}`);
    }
    const byKey = new Map<string, Operation[]>();
    for (const operation of this.ledger.operations) {
      const list = byKey.get(operation.key) ?? [];
      list.push(operation);
      byKey.set(operation.key, list);
    }
    for (const [key, operations] of byKey) {
      const fault = linearizabilityFault(key, operations);
      demand(fault === null, () => `linearizability: ${fault}`);
    }
  }

  private report(): Report {
    const { world, plan, network, nodes, nemesis, oracle, ledger } = this;
    const disks: Record<string, number> = {};
    for (const { counts } of nodes) {
      for (const [kind, count] of Object.entries(counts)) disks[kind] = (disks[kind] ?? 0) + count;
    }
    const { sent: _sent, ...links } = network.counts;
    return {
      seed: plan.seed,
      virtualMs: world.now,
      events: world.events,
      applied: oracle.appliedMax,
      operations: ledger.operations.length + ledger.increments.size,
      faults: { ...nemesis.counts, ...links, ...disks },
    };
  }
}

const describeStatus = (status: NonNullable<ReturnType<SimNode['status']>>): string =>
  `${status.self} ${status.role}@${status.term} leader=${status.leader} last=${status.lastIndex} ` +
  `commit=${status.commit} applied=${status.applied} ` +
  `voters=${status.confInForce.voters.join(',')}/${status.confInForce.votersOutgoing.join(',')}`;

/** Runs one plan to its end; throws what was violated. */
export async function simulate(
  plan: Plan,
  level: Level,
  sabotage: Sabotage | null = null,
): Promise<Report> {
  return new Run(plan, level, sabotage).run();
}

export { Violation };
