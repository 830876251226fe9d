import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionId, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import type { MemoryHub } from '@metad/raft';
import type { ClusterOptions, RaftCluster } from './raft/raft-cluster.js';
import { startVirtualCluster } from './raft/virtual-cluster.js';

const p1 = partitionId(1);

// Whole nodes in virtual time: every run is the same, and a minute takes a second.
describe('three nodes, when some of them rest, are busy or die', () => {
  let cluster: RaftCluster;
  let hub: MemoryHub;

  async function start(options: Partial<ClusterOptions> = {}): Promise<void> {
    ({ cluster, hub } = await startVirtualCluster(options));
  }

  const terms = () => cluster.partitions.map((id) => cluster.member(first()).node.status(id)?.term);
  const first = (): NodeName => cluster.running[0] as NodeName;
  const states = (id = p1) =>
    cluster.running.map((name) => cluster.member(name).node.status(id)?.state);

  beforeEach(() => start());
  afterEach(() => cluster.stopAll());

  it('hand leadership over on request', async () => {
    const leader = await cluster.leader(p1);
    const to = cluster.follower(p1);
    await cluster.until(cluster.member(leader).node.transferLeadership(p1, to));
    expect(await cluster.leader(p1)).toBe(to);
    expect(await cluster.write(p1, 'x')).toBe(to);
  });

  it('elect nobody while one of them is merely busy for 700 ms', async () => {
    for (const id of cluster.partitions) await cluster.write(id, 'x');
    const before = terms();
    for (const busy of cluster.names) {
      const until = hub.clock.monotonic() + 700;
      hub.route = (from, to) =>
        from === busy || to === busy ? [Math.max(0, until - hub.clock.monotonic())] : [0];
      for (const id of cluster.partitions) void cluster.proposeOnly(first(), id, 'y');
      await cluster.pass(3_000);
      expect(terms()).toEqual(before);
    }
  });

  it('elect anew long before the time-out when a process has died, everywhere', async () => {
    await cluster.stopAll();
    await start({ partitions: 9 });
    const dice = seededRandom(7);
    hub.route = () => [dice.below(20)];
    for (const victim of cluster.names) {
      for (const id of cluster.partitions) await cluster.write(id, 'x');
      await cluster.pass(dice.below(200));
      await cluster.kill(victim); // Virtual time: this is no measurement.
      const killedAt = hub.clock.monotonic();
      for (const id of cluster.partitions) await cluster.write(id, 'y');
      expect(hub.clock.monotonic() - killedAt).toBeLessThan(600);
      await cluster.start(victim);
    }
  });

  it('find out that a process has died although requests to it fill the window', async () => {
    await cluster.stopAll();
    await start({ limits: { framesInFlightMax: 1 } });
    for (const id of cluster.partitions) await cluster.write(id, 'x');
    const victim = await cluster.leader(p1);
    hub.route = (_from, to) => (to === victim ? [] : [0]);
    for (const id of cluster.partitions) {
      for (const name of cluster.names) void cluster.proposeOnly(name, id, 'lost');
    }
    await cluster.pass(300);
    await cluster.kill(victim);
    hub.route = () => [0];
    const killedAt = hub.clock.monotonic();
    await cluster.write(p1, 'y');
    expect(hub.clock.monotonic() - killedAt).toBeLessThan(600);
  });

  it('let idle partitions rest: no ticks, and beats instead of heartbeats', async () => {
    await cluster.write(p1, 'x');
    await cluster.eventually(() => (states().every((state) => state === 'quiet') ? true : null));
    const before = cluster.member(first()).transport.stats().framesSent;
    await cluster.pass(10_000);
    expect(states()).toEqual(['quiet', 'quiet', 'quiet']);
    const sent = cluster.member(first()).transport.stats().framesSent - before;
    expect(sent).toBeLessThan(10 * 50);
  });

  it('wake a resting partition for a proposal, a read, and the death of its leader', async () => {
    const rest = () =>
      cluster.eventually(() => (states().every((state) => state === 'quiet') ? true : null));
    await cluster.write(p1, 'a');
    await rest();
    await cluster.write(p1, 'b');
    await rest();
    const leader = await cluster.leader(p1);
    const { node } = cluster.member(cluster.follower(p1));
    expect(await cluster.until(node.readIndex(p1, 1_000))).toBeGreaterThan(0);
    await rest();
    await cluster.kill(leader);
    await cluster.write(p1, 'c');
    await cluster.agreed(p1, ['a', 'b', 'c']);
  });

  it('let a resting leader that is cut off find out, and the others go on', async () => {
    await cluster.write(p1, 'a');
    const leader = await cluster.leader(p1);
    await cluster.eventually(() => (states().every((state) => state === 'quiet') ? true : null));
    hub.route = (from, to) => (from === leader || to === leader ? [] : [0]);
    await cluster.eventually(() =>
      cluster.member(leader).node.status(p1)?.role === 'leader' ? null : true,
    );
    const others = cluster.running.filter((name) => name !== leader);
    await cluster.eventually(() =>
      others.some((name) => cluster.member(name).node.status(p1)?.role === 'leader') ? true : null,
    );
    hub.route = () => [0];
    await cluster.write(p1, 'b');
    await cluster.agreed(p1, ['a', 'b']);
  });

  it('spread leadership evenly', async () => {
    await cluster.stopAll();
    await start({ partitions: 9, limits: { spreadMs: 500 } });
    const counts = () =>
      cluster.running.map((name) => cluster.member(name).node.stats().leaders).join();
    await cluster.eventually(() => (counts() === '3,3,3' ? true : null));
    await cluster.pass(5_000);
    expect(counts()).toBe('3,3,3');
  });

  it('drain a node: its leaderships move, its proposals end, new ones are refused', async () => {
    const leader = await cluster.leader(p1);
    const { node } = cluster.member(leader);
    const last = cluster.proposeOnly(leader, p1, 'last');
    await cluster.until(node.drain(5_000));
    expect(await last).toMatchObject({ kind: 'applied' });
    expect(node.stats().leaders).toBe(0);
    expect(await cluster.propose(leader, p1, 'late')).toEqual({
      kind: 'dropped',
      reason: 'stopping',
    });
    expect(await cluster.write(p1, 'x')).not.toBe(leader);
  });

  it('a node that drains waits for others who are silent for a moment', async () => {
    const leader = await cluster.leader(p1);
    const { node } = cluster.member(leader);
    hub.route = (from, to) => (from === leader || to === leader ? [] : [0]);
    await cluster.pass(800);
    expect(node.status(p1)?.role).toBe('leader');
    const drained = node.drain(5_000);
    await cluster.pass(800);
    hub.route = () => [0];
    await cluster.until(drained);
    expect(node.stats().leaders).toBe(0);
    expect(await cluster.write(p1, 'x')).not.toBe(leader);
  });

  it('a drained node gives back what it is handed, until it is undrained', async () => {
    const drained = await cluster.leader(p1);
    const { node } = cluster.member(drained);
    await cluster.until(node.drain(5_000));
    const successor = await cluster.leader(p1);
    await cluster.until(cluster.member(successor).node.transferLeadership(p1, drained));
    await cluster.eventually(() => (node.leaderOf(p1) === drained ? null : true));
    expect(await cluster.write(p1, 'x')).not.toBe(drained);

    node.undrain();
    const leader = await cluster.leader(p1);
    await cluster.until(cluster.member(leader).node.transferLeadership(p1, drained));
    await cluster.pass(2_000);
    expect(await cluster.write(p1, 'y')).toBe(drained);
  });

  it('a node alone in its partition cannot give it away', async () => {
    await cluster.stopAll();
    await start({ names: ['n1'] });
    const leader = await cluster.leader(p1);
    const { node } = cluster.member(leader);
    await cluster.until(node.drain(5_000));
    expect(node.stats().leaders).toBe(cluster.partitions.length);
    node.undrain();
    expect(await cluster.write(p1, 'x')).toBe(leader);
  });
});
