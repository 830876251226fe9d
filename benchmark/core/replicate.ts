import { nodeName } from '@metad/foundation';
import { ReplicaGroup, perform } from '@metad/raft/testing';

// What one entry costs the core: three replicas in memory, written and delivered at once, so that
// nothing but the core and the smallest driver is measured. Run: npm run bench:core

const names = ['n1', 'n2', 'n3'].map(nodeName);
const data = new Uint8Array(256);

/** Proposes `rounds` batches and returns microseconds per entry and replica. */
function measure(batch: number, rounds: number): number {
  const group = new ReplicaGroup(names, undefined, { compactEvery: 20_000 });
  group.tick(25);
  const leader = group.leader();
  const datas = Array.from({ length: batch }, () => data);
  const begin = process.hrtime.bigint();
  for (let round = 0; round < rounds; round += 1) {
    const result = leader.propose(datas);
    if (!result.accepted) throw new Error(`refused: ${result.reason}`);
    group.settle();
  }
  const elapsedUs = Number(process.hrtime.bigint() - begin) / 1_000;
  return elapsedUs / (batch * rounds) / names.length;
}

/** Ticks of an idle follower: what thousands of quiet replicas cost. */
function measureTicks(ticks: number): number {
  const group = new ReplicaGroup(names);
  group.tick(25);
  const leader = group.leader();
  const begin = process.hrtime.bigint();
  group.tick(ticks);
  const elapsedUs = Number(process.hrtime.bigint() - begin) / 1_000;
  if (group.leader() !== leader) throw new Error('the leader changed');
  return elapsedUs / ticks / names.length;
}

/** Messages that one follower takes and answers. */
function measureSteps(steps: number): number {
  const group = new ReplicaGroup(names);
  group.tick(25);
  const { self, term } = group.leader().status();
  const follower = [...group.members.values()].find(({ name }) => name !== self);
  if (follower === undefined) throw new Error('nobody follows');
  const { name, replica } = follower;
  const commit = replica.status().commit;
  const begin = process.hrtime.bigint();
  for (let at = 0; at < steps; at += 1) {
    replica.step({ kind: 'heartbeat', from: self, to: name, term, commit, readRound: at });
    perform(follower, replica.takeReady());
  }
  return steps / (Number(process.hrtime.bigint() - begin) / 1e9);
}

function main(): void {
  for (const [batch, rounds] of [
    [1, 40_000],
    [16, 20_000],
    [256, 2_000],
  ] as const) {
    measure(batch, rounds >> 2);
    const us = measure(batch, rounds);
    console.log(`batch ${String(batch).padStart(3)}: ${us.toFixed(3)} µs per entry and replica`);
  }
  console.log(`steps: ${Math.round(measureSteps(500_000)).toLocaleString('en')} per second`);
  console.log(`tick with heartbeats: ${measureTicks(50_000).toFixed(3)} µs per tick and replica`);
}

main();
