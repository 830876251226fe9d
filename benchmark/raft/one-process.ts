import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nodeName, partitionId, seededRandom } from '@metad/foundation';
import type { Clock, NodeName, PartitionId } from '@metad/foundation';
import { createRaftNode, immediateTurns, MemoryHub, MemoryNodeLog, openNodeLog } from '@metad/raft';
import type { NodeLog, RaftNode } from '@metad/raft';
import { MapMachine, noSnapshots } from './map-machine.js';

// Three nodes in one process, frames handed over in memory: processor time of a commit without the
// network and, on a memory disk, without waiting. Steadier than any rate on a machine in use: even
// its ticks come by processor time.
// node dist/benchmark/raft/one-process.js [--partitions 8] [--outstanding 256] [--commits 200000]
//   [--log file|none] [--directory /dev/shm]

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '8' },
    outstanding: { type: 'string', default: '256' },
    commits: { type: 'string', default: '200000' },
    repeat: { type: 'string', default: '3' },
    log: { type: 'string', default: 'file' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const payloadBytes = 256;
const partitions = Number(values.partitions);

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Timers by the processor time of this process: others on the machine change nothing. */
let nowMs = cpuMs();
const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => nowMs,
  after: (delayMs, callback) => {
    if (delayMs === 0) {
      const soon = setImmediate(callback);
      return () => clearImmediate(soon);
    }
    const timer = { at: nowMs + delayMs, callback };
    timers.add(timer);
    return () => timers.delete(timer);
  },
};

function runTimers(): void {
  nowMs = cpuMs();
  for (const timer of timers) {
    if (timer.at > nowMs) continue;
    timers.delete(timer);
    timer.callback();
  }
  setImmediate(runTimers);
}
const names = ['n1', 'n2', 'n3'].map(nodeName);
const conf = {
  voters: names,
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const makeLog = async (root: string, node: NodeName): Promise<NodeLog> =>
  values.log === 'none'
    ? new MemoryNodeLog()
    : openNodeLog({ directory: join(root, node), clock, cluster: 'bench', node });

async function startNode(hub: MemoryHub, root: string, self: NodeName): Promise<RaftNode> {
  const stop = (error: Error): never => {
    throw error;
  };
  const node = createRaftNode({
    ...{ self, clock, turns: immediateTurns, snapshots: noSnapshots },
    log: await makeLog(root, self),
    transport: hub.transport(self),
    stateMachine: () => new MapMachine(partitions),
    random: seededRandom(self.charCodeAt(1)),
    onFatal: stop,
    onPartitionStopped: (_partition, error) => stop(error),
    limits: { snapshotEntries: 1e9, spreadMs: 1e9 },
  });
  await node.start();
  for (let id = 1; id <= partitions; id += 1) await node.openPartition(partitionId(id), conf);
  return node;
}

/** So many commits, that many of them on their way at any time. */
function load(leaders: ReadonlyMap<PartitionId, RaftNode>, commits: number): Promise<void> {
  const led = [...leaders];
  let started = 0;
  let left = commits;
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Error('a leader was lost'));
    const next = (): void => {
      if (started === commits) return;
      const [partition, node] = led[started % led.length] as [PartitionId, RaftNode];
      const data = new Uint8Array(payloadBytes);
      data[0] = started >> 8;
      data[1] = started;
      started += 1;
      node.propose(partition, data, { applied, dropped: lost, unknown: lost });
    };
    const applied = (): void => {
      left -= 1;
      if (left === 0) resolve();
      else next();
    };
    for (let at = 0; at < Number(values.outstanding); at += 1) next();
  });
}

async function leadersOf(nodes: readonly RaftNode[]): Promise<Map<PartitionId, RaftNode>> {
  const leaders = new Map<PartitionId, RaftNode>();
  while (leaders.size < partitions) {
    await pause(500);
    for (const node of nodes) {
      for (const id of node.partitions())
        if (node.leaderOf(id) === node.self) leaders.set(id, node);
    }
  }
  return leaders;
}

async function main(): Promise<void> {
  const root = mkdtempSync(join(values.directory, 'metad-one-'));
  try {
    runTimers();
    const hub = new MemoryHub(clock);
    const nodes: RaftNode[] = [];
    for (const name of names) nodes.push(await startNode(hub, root, name));
    const leaders = await leadersOf(nodes);
    for (let run = 0; run < Number(values.repeat); run += 1) {
      const before = cpuMs();
      await load(leaders, Number(values.commits));
      const cpuMicros = ((cpuMs() - before) * 1000) / Number(values.commits);
      console.log({ cpuMicros: Number(cpuMicros.toFixed(2)) });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  process.exit(0);
}

await main();
