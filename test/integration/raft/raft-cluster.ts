import { nodeName, partitionId, seededRandom } from '@metad/foundation';
import type { Clock, NodeName, PartitionId } from '@metad/foundation';
import { createRaftNode, immediateTurns, MemoryLogContent, MemoryNodeLog } from '@metad/raft';
import type { ConfState, NodeLimits, RaftNode, Transport } from '@metad/raft';
import { ListMachine } from './list-machine.js';
import { VolatileSnapshots } from './volatile-snapshots.js';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** What became of one proposal. */
export type Outcome =
  | { readonly kind: 'applied'; readonly result: unknown; readonly index: number }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

interface Member {
  readonly node: RaftNode;
  readonly transport: Transport;
  readonly machines: Map<PartitionId, ListMachine>;
  readonly stopped: PartitionId[];
  readonly fatal: Error[];
}

export interface ClusterOptions {
  readonly names?: readonly string[];
  readonly partitions?: number;
  readonly limits?: Partial<NodeLimits>;
  transport(self: NodeName): Promise<Transport>;
}

/** Several nodes in this process, their disks in memory, under the real clock. */
export class RaftCluster {
  readonly names: readonly NodeName[];
  readonly partitions: readonly PartitionId[];
  readonly conf: ConfState;
  private readonly members = new Map<NodeName, Member>();
  private readonly logs = new Map<NodeName, MemoryLogContent>();
  private readonly snapshots = new Map<NodeName, VolatileSnapshots>();

  constructor(private readonly options: ClusterOptions) {
    this.names = (options.names ?? ['n1', 'n2', 'n3']).map(nodeName);
    const count = options.partitions ?? 3;
    this.partitions = Array.from({ length: count }, (_, at) => partitionId(at + 1));
    const none = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
    this.conf = { voters: [...this.names].sort(), ...none };
  }

  async startAll(): Promise<void> {
    for (const name of this.names) await this.start(name);
  }

  /** Starts a node on what its disk holds. */
  async start(name: NodeName): Promise<RaftNode> {
    const content = this.logs.get(name) ?? new MemoryLogContent();
    const log = new MemoryNodeLog(content);
    const snapshots = this.snapshots.get(name) ?? new VolatileSnapshots();
    this.logs.set(name, content);
    this.snapshots.set(name, snapshots);
    const machines = new Map<PartitionId, ListMachine>();
    const transport = await this.options.transport(name);
    const stopped: PartitionId[] = [];
    const fatal: Error[] = [];
    const node = createRaftNode({
      self: name,
      log,
      snapshots,
      transport,
      clock: realClock,
      random: seededRandom(name.charCodeAt(1)),
      turns: immediateTurns,
      stateMachine: (partition) => {
        const machine = new ListMachine();
        machines.set(partition, machine);
        return machine;
      },
      onFatal: (error) => fatal.push(error),
      onPartitionStopped: (partition) => stopped.push(partition),
      limits: { heartbeatMs: 20, electionMs: 200, ...this.options.limits },
    });
    this.members.set(name, { node, transport, machines, stopped, fatal });
    await node.start();
    for (const partition of this.partitions) await node.openPartition(partition, this.conf);
    return node;
  }

  member(name: NodeName): Member {
    const member = this.members.get(name);
    if (member === undefined) throw new Error(`${name} does not run`);
    return member;
  }

  get running(): NodeName[] {
    return [...this.members.keys()].sort();
  }

  appliedOn(name: NodeName, partition: PartitionId): readonly string[] {
    return this.member(name).machines.get(partition)?.applied ?? [];
  }

  /** Ends a node at once: its end point is gone, its disk stays. */
  async kill(name: NodeName): Promise<void> {
    const { node, transport } = this.member(name);
    this.members.delete(name);
    await transport.close();
    await node.stop();
  }

  async stopAll(): Promise<void> {
    for (const name of this.running) await this.kill(name);
  }

  /** The node that leads and serves the partition, once there is one. */
  leader(partition: PartitionId): Promise<NodeName> {
    return eventually(() => {
      for (const name of this.running) {
        const status = this.member(name).node.status(partition);
        if (status?.role !== 'leader') continue;
        const agreed = this.running.every(
          (other) => this.member(other).node.leaderOf(partition) === name,
        );
        if (agreed) return name;
      }
      return null;
    });
  }

  propose(name: NodeName, partition: PartitionId, text: string): Promise<Outcome> {
    return new Promise((resolve) => {
      this.member(name).node.propose(partition, Buffer.from(text), {
        applied: (result, index) => resolve({ kind: 'applied', result, index }),
        dropped: (reason) => resolve({ kind: 'dropped', reason }),
        unknown: (reason) => resolve({ kind: 'unknown', reason }),
      });
    });
  }

  /** Proposes at whoever leads until it is applied. */
  async write(partition: PartitionId, text: string): Promise<NodeName> {
    return eventually(async () => {
      for (const name of this.running) {
        const outcome = await this.propose(name, partition, text);
        if (outcome.kind === 'applied') return name;
        if (outcome.kind === 'unknown') throw new Error(outcome.reason);
      }
      return null;
    });
  }
}

/** Polls until `look` finds something; fails after a while. */
export async function eventually<T>(look: () => T | null | Promise<T | null>): Promise<T> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    const found = await look();
    if (found !== null) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`did not happen: ${look.toString()}`);
}
