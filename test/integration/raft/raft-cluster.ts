import { nodeName, partitionId, seededRandom } from '@metad/foundation';
import type { NodeName, PartitionId } from '@metad/foundation';
import { createRaftNode, MemoryLogContent, MemoryNodeLog, MemorySnapshotStore } from '@metad/raft';
import type {
  ConfState,
  NodeLimits,
  NodeLog,
  RaftNode,
  SnapshotStore,
  Transport,
} from '@metad/raft';
import { ListMachine } from './list-machine.js';
import type { TestTime } from './test-time.js';

/** What became of one proposal. */
export type Outcome =
  | { readonly kind: 'applied'; readonly result: unknown; readonly index: number }
  | { readonly kind: 'dropped'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

interface Member {
  readonly node: RaftNode;
  readonly log: NodeLog;
  readonly transport: Transport;
  readonly machines: Map<PartitionId, ListMachine>;
  readonly stopped: PartitionId[];
  readonly fatal: Error[];
}

export interface ClusterOptions {
  readonly names?: readonly string[];
  readonly partitions?: number;
  readonly limits?: Partial<NodeLimits>;
  readonly time: TestTime;
  /** The event loop of one node, where it is not everybody's. */
  loopOf?(self: NodeName): Pick<TestTime, 'clock' | 'turns'>;
  transport(self: NodeName): Promise<Transport>;
  /** The log of a node, in place of one in memory. */
  log?(self: NodeName, content: MemoryLogContent): NodeLog | Promise<NodeLog>;
  snapshots?(self: NodeName): SnapshotStore;
}

/** Several nodes in this process, their disks in memory. */
export class RaftCluster {
  readonly names: readonly NodeName[];
  readonly partitions: readonly PartitionId[];
  readonly conf: ConfState;
  private readonly members = new Map<NodeName, Member>();
  private readonly logs = new Map<NodeName, MemoryLogContent>();
  private readonly snapshots = new Map<NodeName, SnapshotStore>();

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
    const log = (await this.options.log?.(name, content)) ?? new MemoryNodeLog(content);
    const snapshots =
      this.options.snapshots?.(name) ?? this.snapshots.get(name) ?? new MemorySnapshotStore();
    this.logs.set(name, content);
    this.snapshots.set(name, snapshots);
    const machines = new Map<PartitionId, ListMachine>();
    const transport = await this.options.transport(name);
    const stopped: PartitionId[] = [];
    const fatal: Error[] = [];
    const { clock, turns } = this.options.loopOf?.(name) ?? this.options.time;
    const node = createRaftNode({
      self: name,
      log,
      snapshots,
      transport,
      clock,
      random: seededRandom(name.charCodeAt(1)),
      turns,
      stateMachine: (partition) => {
        const machine = new ListMachine();
        machines.set(partition, machine);
        return machine;
      },
      onFatal: (error) => fatal.push(error),
      onPartitionStopped: (partition) => stopped.push(partition),
      limits: { spreadMs: 1e9, ...this.options.limits },
    });
    this.members.set(name, { node, log, transport, machines, stopped, fatal });
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
    const { node, log, transport } = this.member(name);
    this.members.delete(name);
    await transport.close();
    await node.stop();
    await log.close();
  }

  async stopAll(): Promise<void> {
    for (const name of this.running) await this.kill(name);
  }

  /** The node that leads and serves the partition, once there is one. */
  leader(partition: PartitionId): Promise<NodeName> {
    return this.eventually(() => {
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
    return this.until(this.proposeOnly(name, partition, text));
  }

  /** Proposes without letting time pass. */
  proposeOnly(name: NodeName, partition: PartitionId, text: string): Promise<Outcome> {
    return new Promise((resolve) => {
      this.member(name).node.propose(partition, Buffer.from(text), {
        applied: (result, index) => resolve({ kind: 'applied', result, index }),
        dropped: (reason) => resolve({ kind: 'dropped', reason }),
        unknown: (reason) => resolve({ kind: 'unknown', reason }),
      });
    });
  }

  /** Proposes at whoever leads until it is applied. */
  write(partition: PartitionId, text: string): Promise<NodeName> {
    return this.eventually(async () => {
      for (const name of this.running) {
        const outcome = await this.propose(name, partition, text);
        if (outcome.kind === 'applied') return name;
        if (outcome.kind === 'unknown') throw new Error(outcome.reason);
      }
      return null;
    });
  }

  /** Waits until every running node has applied exactly these commands. */
  async agreed(partition: PartitionId, texts: readonly string[]): Promise<void> {
    const wanted = texts.join();
    await this.eventually(() =>
      this.running.every((name) => this.appliedOn(name, partition).join() === wanted) ? true : null,
    );
  }

  /** Lets time pass until the promise is settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = (): void => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let tries = 0; !settled && tries < 60_000; tries += 1) await this.options.time.pass(1);
    if (!settled) throw new Error('a promise was not settled within a minute');
    return promise;
  }

  /** Lets time pass until `look` finds something; fails after half a minute. */
  async eventually<T>(look: () => T | null | Promise<T | null>): Promise<T> {
    for (let tries = 0; tries < 3_000; tries += 1) {
      const found = await look();
      if (found !== null) return found;
      await this.options.time.pass(10);
    }
    throw new Error(`did not happen: ${look.toString()}`);
  }

  pass(ms: number): Promise<void> {
    return this.options.time.pass(ms);
  }

  /** A node that runs and does not lead the partition. */
  follower(partition: PartitionId): NodeName {
    const found = this.running.find(
      (name) => this.member(name).node.status(partition)?.role === 'follower',
    );
    if (found === undefined) throw new Error('everybody leads');
    return found;
  }
}
