import { nodeName } from '@metad/foundation';
import { createReplica } from '../../core/index.js';
import type { Message, Replica, ReplicaOptions } from '../../core/index.js';
import { confOf } from '../replica-group.js';
import { Nemesis } from './faults/nemesis.js';
import type { Plan } from './faults/plan.js';
import { CoreNode } from './nodes/core-node.js';
import type { SimNode } from './nodes/sim-node.js';
import { Oracle } from './oracle/oracle.js';
import type { Witness } from './oracle/oracle.js';
import { Violation, demand } from './oracle/violation.js';
import { Client, Ledger } from './workload/client.js';
import { linearizabilityFault } from './workload/history.js';
import type { Operation } from './workload/history.js';
import type { KvBugs } from './workload/kv-machine.js';
import { Host } from './world/host.js';
import { CALM, Network } from './world/network.js';
import { World } from './world/world.js';

/** A deliberate bug, for negative controls: what it does to every replica or state machine. */
export interface Sabotage {
  readonly name: string;
  sabotage?(replica: Replica): Replica;
  readonly machine?: KvBugs;
}

/** What a run was, when nothing was wrong. */
export interface Report {
  readonly seed: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly applied: number;
  readonly operations: number;
  readonly faults: Readonly<Record<string, number>>;
}

const HONEST: KvBugs = { deduplicationNotInSnapshot: false };
/** Logs are compared pairwise after so many events. */
const compareEvery = 500;

class Run {
  private readonly world: World;
  private readonly network: Network;
  private readonly oracle = new Oracle();
  private readonly ledger = new Ledger();
  private readonly nodes: readonly CoreNode[];
  private readonly nemesis: Nemesis;
  private over = false;

  constructor(
    private readonly plan: Plan,
    private readonly sabotage: Sabotage | null,
  ) {
    this.world = new World(plan.seed, false);
    this.network = new Network(this.world);
    this.nodes = this.makeNodes();
    this.nemesis = new Nemesis(this.world, this.network, this.nodes, plan);
  }

  async run(): Promise<Report> {
    const { world, plan, network, nodes } = this;
    world.afterEvent = () => this.check();
    for (const node of nodes) node.start();
    network.faults = plan.links;
    for (const node of nodes) node.disk.faults = plan.disk;
    this.makeClients().forEach((client) => client.start(() => this.over));
    this.nemesis.start();
    await world.runUntil(plan.faultsMs);
    this.nemesis.stop();
    network.faults = CALM;
    for (const node of nodes) node.disk.faults = { syncMs: 1, stalling: 0, stallMs: 0 };
    this.over = true;
    await this.recover();
    this.judge();
    return this.report();
  }

  private makeNodes(): readonly CoreNode[] {
    const { plan, world } = this;
    const count = plan.voters + plan.spares;
    const names = Array.from({ length: count }, (_, at) => nodeName(`n${at + 1}`));
    const nodes = new Map<string, CoreNode>();
    const group = {
      oracle: this.oracle,
      bootstrap: confOf(names.slice(0, plan.voters)),
      tickMs: 50,
      options: {
        leaseReads: plan.leaseReads,
        appendBytesMax: plan.appendBytesMax,
        inflightAppendsMax: plan.inflightAppendsMax,
      },
      snapshotEntries: plan.snapshotEntries,
      bugs: this.sabotage?.machine ?? HONEST,
      createReplica: (options: ReplicaOptions): Replica => {
        const replica = createReplica(options);
        return this.sabotage?.sabotage?.(replica) ?? replica;
      },
      send: (message: Message, image: Uint8Array | null): void => {
        this.network.send(message.from, message.to, () => {
          nodes.get(message.to)?.receive(message, image);
        });
      },
    };
    for (const name of names) {
      const rate = 1 + (world.random.fraction() * 2 - 1) * plan.drift;
      const host = new Host(name, world, rate, world.random.below(5_000));
      nodes.set(name, new CoreNode(host, group));
    }
    return [...nodes.values()];
  }

  private makeClients(): readonly Client[] {
    const { plan, world, nodes, ledger } = this;
    return Array.from({ length: plan.clients }, (_, at) => {
      return new Client(`c${at + 1}`, world, nodes, ledger, plan.keys);
    });
  }

  private witnesses(): readonly Witness[] {
    return this.nodes.map((node) => node.witness()).filter((witness) => witness !== null);
  }

  private check(): void {
    const witnesses = this.witnesses();
    for (const witness of witnesses) this.oracle.observe(witness);
    if (this.world.events % compareEvery === 0) this.oracle.compareLogs(witnesses);
  }

  /** Liveness: a client succeeds again, and every member has everything. */
  private async recover(): Promise<void> {
    const { world, plan } = this;
    const deadline = world.now + plan.recoveryMs;
    let alive = false;
    const client = new Client('last', world, this.nodes, this.ledger, plan.keys);
    client.prove(() => {
      alive = true;
    });
    await world.runUntil(deadline, () => alive && this.isConverged());
    demand(alive, () => `liveness: no progress within ${plan.recoveryMs} ms after the faults`);
    demand(this.isConverged(), () => `liveness: not all have everything: ${this.describe()}`);
  }

  private isConverged(): boolean {
    const leaders = this.nodes.filter((node) => node.status()?.role === 'leader');
    const status = leaders[leaders.length - 1]?.status();
    if (!status || status.commit !== status.lastIndex || status.conf !== status.confInForce) {
      return false;
    }
    return [...status.progress.keys()].every((name) => {
      const member = this.nodes.find((node) => node.name === name)?.status();
      return member?.applied === status.lastIndex;
    });
  }

  private describe(): string {
    return this.nodes
      .map((node) => node.status())
      .map((status) => (status === null ? 'down' : describeStatus(status)))
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
    for (const { disk } of nodes) {
      for (const [kind, count] of Object.entries(disk.counts)) {
        if (kind !== 'writes') disks[kind] = (disks[kind] ?? 0) + count;
      }
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
export async function simulate(plan: Plan, sabotage: Sabotage | null = null): Promise<Report> {
  return new Run(plan, sabotage).run();
}

export { Violation };
