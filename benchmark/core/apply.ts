import { logIndex, logTime, partitionId, seededRandom, term } from '@metad/foundation';
import type { Entry } from '@metad/raft';
import { encodeCommand, PartitionMachine } from '../../src/decide/index.js';
import { KINDS } from '../../src/kinds/index.js';

// What one entry costs the state machines of a node that replays its log: eight partitions, fed in
// slices as the applier does, and the time of all threads, since the collector works beside. Run:
// npm run build && node --max-semi-space-size=32 dist/benchmark/core/apply.js 200000 [ahead | live]
// `live`: as if every slice were the newest there is, which is what a follower does.

const PARTITIONS = 8;
const SLICE = 64;
const RECORDS = 2_500;
const entries = Number(process.argv[2] ?? 200_000);
const isLive = process.argv[3] === 'live';

const random = seededRandom(7);
const filler = (): string => {
  let text = '';
  while (text.length < 200) text += random.below(2 ** 32).toString(36);
  return text.slice(0, 200);
};
const fillers = Array.from({ length: 64 }, filler);

function entryAt(index: number, partition: number): Entry {
  const id = (index * PARTITIONS + partition).toString(16).padStart(12, '0');
  const record = index <= RECORDS ? index - 1 : random.below(RECORDS);
  const data = {
    ...{ tenantId: `t${partition}`, resourceId: `r${record}`, node: 'node-1' },
    labels: { value: `${index} ${fillers[index % fillers.length]}` },
  };
  const body = Buffer.from(JSON.stringify({ commandId: `0199d3a0-0000-7000-8000-${id}`, data }));
  const time = logTime(1_800_000_000_000 + index * 10);
  const command = { namespace: 'prod', command: 'AssignResource', time, level: 1, body };
  const bytes = encodeCommand(command);
  return { index: logIndex(index), term: term(1), kind: 'command', change: null, data: bytes };
}

const machines = Array.from({ length: PARTITIONS }, (_, at) => {
  return new PartitionMachine({
    ...{ partition: partitionId(at + 1), registry: KINDS, hashSeed: at },
    sink: () => undefined,
  });
});
const perPartition = Math.ceil(entries / PARTITIONS);
let usedUs = 0;
let elapsedNs = 0n;
for (let from = 1; from <= perPartition; from += SLICE) {
  const to = Math.min(perPartition + 1, from + SLICE);
  const slices = machines.map((_, at) => {
    return Array.from({ length: to - from }, (_, nth) => entryAt(from + nth, at));
  });
  const before = process.cpuUsage();
  const begin = process.hrtime.bigint();
  for (const [at, slice] of slices.entries()) {
    const machine = machines[at] as PartitionMachine;
    machine.willApply(isLive ? slice.length : perPartition - from + 1);
    for (const entry of slice) machine.apply(entry, undefined);
  }
  elapsedNs += process.hrtime.bigint() - begin;
  const { user, system } = process.cpuUsage(before);
  usedUs += user + system;
  if (from % (SLICE * 32) === 1) await new Promise((resolve) => setImmediate(resolve));
}
const count = perPartition * PARTITIONS;
const digests = machines.map((machine) => machine.digest()).join(' ');
const elapsedUs = Number(elapsedNs) / 1_000 / count;
console.log(`${isLive ? 'live' : 'ahead'}: ${(usedUs / count).toFixed(1)} us of CPU an entry`);
console.log(`${elapsedUs.toFixed(1)} us elapsed, digests ${digests.slice(0, 16)}`);
console.log(`heap ${Math.round(process.memoryUsage().heapUsed / 2 ** 20)} MiB`);
