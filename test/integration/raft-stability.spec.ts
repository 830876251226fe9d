import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '@metad/foundation';
import type { NodeName, PartitionId } from '@metad/foundation';
import type { MemoryHub } from '@metad/raft';
import { BusyLoop } from './raft/busy-loop.js';
import type { ClusterOptions, RaftCluster } from './raft/raft-cluster.js';
import { startVirtualCluster } from './raft/virtual-cluster.js';

// Leaders stay where they are while nothing is wrong, and are found quickly when something is.
describe('leadership, on nodes in virtual time', () => {
  let cluster: RaftCluster;
  let hub: MemoryHub;
  let loops: Map<NodeName, BusyLoop>;

  async function start(options: Partial<ClusterOptions>): Promise<void> {
    loops = new Map();
    ({ cluster, hub } = await startVirtualCluster(options, (self, time) => {
      const loop = new BusyLoop(time);
      loops.set(self, loop);
      return loop;
    }));
  }

  afterEach(() => cluster.stopAll());

  const terms = () =>
    cluster.running.map((name) =>
      cluster.partitions.map((id) => cluster.member(name).node.status(id)?.term).join(),
    );
  const counts = () => cluster.running.map((name) => cluster.member(name).node.stats().leaders);

  async function spread(): Promise<void> {
    for (const id of cluster.partitions) await cluster.leader(id);
    await cluster.eventually(() =>
      Math.max(...counts()) - Math.min(...counts()) <= 1 ? true : null,
    );
    await cluster.pass(5_000);
  }

  /** So many writes a second to each partition, at its leader; nobody waits for them. */
  async function load(seconds: number, rate: (id: PartitionId) => number): Promise<void> {
    for (let step = 0; step < seconds * 10; step += 1) {
      for (const id of cluster.partitions) {
        const leader = cluster.member(cluster.names[0] as NodeName).node.leaderOf(id);
        const writes = Math.round(rate(id) / 10);
        if (leader === null) continue;
        for (let at = 0; at < writes; at += 1) void cluster.proposeOnly(leader, id, 'x');
      }
      await cluster.pass(100);
    }
  }

  it('elects the first leaders evenly, before any time-out', async () => {
    await start({ partitions: 9 });
    await cluster.pass(990);
    for (const id of cluster.partitions) await cluster.leader(id);
    expect(counts()).toEqual([3, 3, 3]);
  });

  it('does not follow a load that swings', async () => {
    await start({ partitions: 8, limits: { spreadMs: 2_000 } });
    await spread();
    const before = terms();
    const dice = seededRandom(11);
    for (let phase = 0; phase < 25; phase += 1) {
      const heavy = 1 + dice.below(8);
      await load(1, (id) => (id === heavy ? 600 : 60 + dice.below(60)));
    }
    expect(terms()).toEqual(before);
  }, 300_000);

  it('follows a load that lasts, one partition at a time', async () => {
    await start({ partitions: 4, limits: { spreadMs: 2_000 } });
    await spread();
    const before = terms();
    const two = cluster.names.find(
      (name) => cluster.member(name).node.stats().leaders === 2,
    ) as NodeName;
    const isTheirs = (id: PartitionId) => cluster.member(two).node.leaderOf(id) === two;
    const busy = cluster.partitions.filter(isTheirs);
    await load(40, (id) => (busy.includes(id) ? 500 : 10));
    expect(cluster.member(two).node.stats().leaders).toBe(1);
    const moved = cluster.partitions.filter((_, at) => {
      const now = terms()[0]?.split(',')[at];
      return now !== before[0]?.split(',')[at];
    });
    expect(moved).toHaveLength(1);
  }, 300_000);

  it('outlasts a loop that is blocked for 700 ms, a leader’s or a follower’s', async () => {
    await start({ partitions: 9 });
    const dice = seededRandom(5);
    for (const id of cluster.partitions) await cluster.write(id, 'x');
    const before = terms();
    for (let round = 0; round < 12; round += 1) {
      const busy = cluster.names[round % 3] as NodeName;
      const until = hub.clock.monotonic() + 700;
      loops.get(busy)?.blockUntil(until);
      hub.route = (_from, to) => [to === busy ? Math.max(0, until - hub.clock.monotonic()) : 0];
      const [first] = cluster.names;
      for (const id of cluster.partitions) void cluster.proposeOnly(first as NodeName, id, 'y');
      await cluster.pass(700 + dice.below(800));
      expect(terms()).toEqual(before);
    }
  });

  it('passes to the survivor that has the whole log, whoever notices the loss first', async () => {
    await start({ partitions: 9 });
    for (const victim of cluster.names) {
      const behind = cluster.names.find((name) => name !== victim) as NodeName;
      for (const id of cluster.partitions) await cluster.write(id, 'x');
      const led = cluster.partitions.filter(
        (id) => cluster.member(victim).node.leaderOf(id) === victim,
      );
      expect(led.length).toBeGreaterThan(0);
      hub.route = (from, to) => (from === victim && to === behind ? [] : [0]);
      for (const id of led) await cluster.propose(victim, id, 'only the other has this');
      await cluster.kill(victim);
      hub.route = () => [0];
      const killedAt = hub.clock.monotonic();
      for (const id of led) expect(await cluster.write(id, 'y')).not.toBe(behind);
      expect(hub.clock.monotonic() - killedAt).toBeLessThan(600);
      await cluster.start(victim);
      await cluster.pass(3_000);
    }
  });
});
