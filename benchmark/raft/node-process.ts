import { subjectsUnder } from '@metad/contract';
import { nodeName, partitionId, seededRandom } from '@metad/foundation';
import type { Clock, NodeName, PartitionId } from '@metad/foundation';
import { createRaftNode, immediateTurns, NatsTransport } from '@metad/raft';
import { MemoryNodeLog, openNodeLog } from '@metad/raft';
import type { NodeLog, ProposalObserver, RaftNode } from '@metad/raft';
import { connect } from '@nats-io/transport-node';
import { MapMachine, noSnapshots } from './map-machine.js';
import type { NodeReport, Order, Plan } from './plan.js';

// One of the three processes: a node with its log, and the load that it puts on itself.

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

const plan = JSON.parse(process.env['BENCH_PLAN'] ?? '{}') as Plan;
const at = Number(process.env['BENCH_NODE']);
const names = ['n1', 'n2', 'n3'].map(nodeName);
const self = names[at] as NodeName;
const latencySamplesMax = 200_000;

async function makeLog(): Promise<NodeLog> {
  if (plan.log === 'none') return new MemoryNodeLog();
  const directory = `${plan.directory}/${self}`;
  return openNodeLog({ directory, clock, cluster: 'bench', node: self });
}

async function startNode(): Promise<{ node: RaftNode; transport: NatsTransport }> {
  const connection = await connect({ servers: plan.brokerUrl });
  const random = seededRandom(process.pid);
  const transport = new NatsTransport({
    connection,
    clock,
    random,
    self,
    cluster: 'bench',
    subjects: subjectsUnder(`bench${process.ppid}.v1`),
  });
  const node = createRaftNode({
    self,
    log: await makeLog(),
    snapshots: noSnapshots,
    transport,
    stateMachine: () => new MapMachine(plan.partitions),
    clock,
    random,
    turns: immediateTurns,
    onFatal: (error) => {
      throw error;
    },
    onPartitionStopped: (_partition, error) => {
      throw error;
    },
    limits: { snapshotEntries: 1e9 },
  });
  await node.start();
  const voters = [...names];
  const conf = { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  for (let id = 1; id <= plan.partitions; id += 1) await node.openPartition(partitionId(id), conf);
  return { node, transport };
}

/** Keeps so many proposals on their way, over the partitions that this node leads. */
class Load {
  commits = 0;
  latencies: number[] = [];
  unsettled = 0;
  private next = 0;

  constructor(
    private readonly node: RaftNode,
    private readonly led: readonly PartitionId[],
  ) {}

  start(outstanding: number): void {
    for (let at = 0; at < outstanding; at += 1) this.propose();
  }

  private propose(): void {
    const turn = this.next++;
    const partition = this.led[turn % this.led.length] as PartitionId;
    const data = new Uint8Array(plan.payloadBytes);
    const round = Math.floor(turn / this.led.length);
    data[0] = round >> 8;
    data[1] = round;
    this.node.propose(partition, data, this.observer(performance.now()));
  }

  private observer(startedAt: number): ProposalObserver {
    const again = (): void => {
      this.unsettled += 1;
      setTimeout(() => this.propose(), 10);
    };
    return {
      applied: () => {
        this.commits += 1;
        if (this.latencies.length < latencySamplesMax) {
          this.latencies.push((performance.now() - startedAt) * 1000);
        }
        this.propose();
      },
      dropped: again,
      unknown: again,
    };
  }
}

/** Writes to each partition that this node begins to lead, and reports the first success. */
function takeOver(node: RaftNode): void {
  const reported = new Set<PartitionId>();
  node.onLeaderChange(({ partition, serving }) => {
    if (!serving || reported.has(partition)) return;
    reported.add(partition);
    node.propose(partition, new Uint8Array(plan.payloadBytes), {
      applied: () => process.send?.({ recovered: partition, at: Date.now() }),
      dropped: () => reported.delete(partition),
      unknown: () => reported.delete(partition),
    });
  });
}

/** Heap and buffers that something refers to. */
function heldBytes(): number {
  if (globalThis.gc === undefined) throw new Error('the bench exposes the collector');
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const seconds = (usage: NodeJS.CpuUsage): number => (usage.user + usage.system) / 1e6;

async function main(): Promise<void> {
  const { node, transport } = await startNode();
  const mine = node.partitions().filter((id) => id % names.length === at);
  let load: Load | null = null;
  let since = performance.now();
  let cpu = process.cpuUsage();
  let before = { ...transport.stats(), rounds: 0 };
  const lead = async (): Promise<void> => {
    const moves: Promise<void>[] = [];
    for (const id of node.partitions()) {
      const to = names[id % names.length] as NodeName;
      if (node.leaderOf(id) !== self || to === self || moves.length === 500) continue;
      moves.push(node.transferLeadership(id, to).catch(() => undefined));
    }
    await Promise.all(moves);
    const led = mine.filter((id) => node.leaderOf(id) === self).length;
    process.send?.({ led, wanted: mine.length });
  };
  const report = (): void => {
    const stats = node.stats();
    const frames = transport.stats();
    const now = performance.now();
    const answer: NodeReport = {
      commits: load?.commits ?? 0,
      latencies: load?.latencies ?? [],
      leaders: stats.leaders,
      quiet: stats.quietPartitions,
      rounds: stats.rounds - before.rounds,
      entriesPerRound: stats.entriesPerRound,
      writeMs: stats.writeMs,
      framesSent: frames.framesSent - before.framesSent,
      framesReceived: frames.framesReceived - before.framesReceived,
      bytesSent: frames.bytesSent - before.bytesSent,
      cpuSeconds: seconds(process.cpuUsage(cpu)),
      rssBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
      seconds: (now - since) / 1000,
      unsettled: load?.unsettled ?? 0,
    };
    if (load !== null) {
      load.commits = 0;
      load.latencies = [];
    }
    since = now;
    cpu = process.cpuUsage();
    before = { ...frames, rounds: stats.rounds };
    process.send?.(answer);
  };
  process.on('message', (order: Order) => {
    if (order.do === 'takeOver') takeOver(node);
    if (order.do === 'lead') void lead();
    if (order.do === 'load') {
      load = new Load(node, mine);
      load.start(order.outstanding);
    }
    if (order.do === 'report') report();
    if (order.do === 'weigh') process.send?.(heldBytes());
    if (order.do === 'quit') process.exit(0);
  });
  process.send?.('ready');
}

await main();
