import { seededRandom } from '../../../dist/libs/foundation/src/index.js';
import {
  createRaftNode,
  immediateTurns,
  MemoryHub,
  openNodeLog,
  openSnapshotStore,
} from '../../../dist/libs/raft/src/index.js';

// A process to be killed: one replica on the real file system, which proposes numbers one after
// another and tells each on a line when it is acknowledged. First of all it tells what it holds.

const directory = process.argv[2];
const clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Counts, and refuses a number that does not follow the one before it. */
class Counter {
  held = 0;
  #applied = 0;

  apply(entry) {
    this.#applied = entry.index;
    if (entry.kind !== 'command') return null;
    const number = Number(Buffer.from(entry.data).toString().split(' ')[0]);
    if (number > this.held + 1) throw new Error(`${number} follows ${this.held}`);
    this.held = Math.max(this.held, number);
    return number;
  }

  appliedIndex() {
    return this.#applied;
  }

  capture() {
    const state = Buffer.from(JSON.stringify([this.held, this.#applied]));
    const chunks = async function* () {
      yield state;
    };
    return { index: this.#applied, chunks, release: () => undefined };
  }

  async restore(_meta, chunks) {
    const parts = [];
    for await (const chunk of chunks) parts.push(Buffer.from(chunk));
    [this.held, this.#applied] = JSON.parse(Buffer.concat(parts).toString());
  }
}

const counter = new Counter();
const log = await openNodeLog({ directory, cluster: 'c', node: 'n1', clock, segmentBytes: 65_536 });
const wrong = log.recovered().filter(({ state }) => state !== 'sound');
if (wrong.length > 0) throw new Error(JSON.stringify(wrong));
const node = createRaftNode({
  self: 'n1',
  log,
  snapshots: openSnapshotStore({ directory }),
  transport: new MemoryHub(clock).transport('n1'),
  stateMachine: () => counter,
  clock,
  random: seededRandom(process.pid),
  turns: immediateTurns,
  onFatal: (error) => {
    throw error;
  },
  onPartitionStopped: (_partition, error) => {
    throw error;
  },
  limits: { electionMs: 100, heartbeatMs: 20, snapshotEntries: 100, trailingEntries: 10 },
});
await node.start();
const none = { votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
await node.openPartition(1, { voters: ['n1'], ...none });

const serving = () => new Promise((resolve) => setTimeout(resolve, 10));
while (node.status(1)?.role !== 'leader' || node.status(1).applied < node.status(1).lastIndex) {
  await serving();
}
console.log(`holds ${counter.held}`);

let next = counter.held + 1;
const propose = () => {
  const number = next;
  next += 1;
  const data = Buffer.from(`${number} ${'x'.repeat((number * 37) % 700)}`);
  node.propose(1, data, {
    applied: () => {
      console.log(`acknowledged ${number}`);
      propose();
    },
    dropped: (reason) => {
      throw new Error(`dropped: ${reason}`);
    },
    unknown: (reason) => {
      throw new Error(`unknown: ${reason}`);
    },
  });
};
for (let at = 0; at < 8; at += 1) propose();
