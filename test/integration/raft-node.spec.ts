import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionId, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { MemoryHub, MemoryNodeLog, NoLeaderError } from '@metad/raft';
import { RaftCluster } from './raft/raft-cluster.js';
import type { ClusterOptions } from './raft/raft-cluster.js';
import { VirtualTime } from './raft/test-time.js';

const p1 = partitionId(1);
const p2 = partitionId(2);

// Whole nodes in virtual time: every run is the same, and a minute takes a second.
describe('three nodes', () => {
  let cluster: RaftCluster;
  let hub: MemoryHub;

  async function start(options: Partial<ClusterOptions> = {}): Promise<void> {
    const time = new VirtualTime();
    hub = new MemoryHub(time.clock);
    const transport = (self: NodeName) => Promise.resolve(hub.transport(self));
    cluster = new RaftCluster({ transport, time, ...options });
    await cluster.startAll();
  }

  const terms = () => cluster.partitions.map((id) => cluster.member(first()).node.status(id)?.term);
  const first = (): NodeName => cluster.running[0] as NodeName;
  const states = (id = p1) =>
    cluster.running.map((name) => cluster.member(name).node.status(id)?.state);

  beforeEach(() => start());
  afterEach(() => cluster.stopAll());

  it('elect a leader for every partition and apply what is proposed, everywhere', async () => {
    for (const partition of cluster.partitions) {
      const leader = await cluster.leader(partition);
      const a = await cluster.propose(leader, partition, 'a');
      expect(a).toMatchObject({ kind: 'applied', result: 1 });
      expect(await cluster.propose(leader, partition, 'b')).toMatchObject({ result: 2 });
      await cluster.agreed(partition, ['a', 'b']);
    }
  });

  it('tell a proposer on a follower that it does not lead', async () => {
    await cluster.leader(p1);
    const outcome = await cluster.propose(cluster.follower(p1), p1, 'x');
    expect(outcome).toEqual({ kind: 'dropped', reason: 'notLeader' });
  });

  it('go on when a leader is killed, and the killed one catches up from its log', async () => {
    const leader = await cluster.leader(p1);
    await cluster.write(p1, 'before');
    await cluster.kill(leader);
    await cluster.write(p1, 'during');
    await cluster.start(leader);
    await cluster.write(p1, 'after');
    await cluster.agreed(p1, ['before', 'during', 'after']);
  });

  it('apply everything again when all of them restart', async () => {
    for (const text of ['a', 'b', 'c']) await cluster.write(p1, text);
    await cluster.stopAll();
    await cluster.startAll();
    await cluster.write(p1, 'd');
    await cluster.agreed(p1, ['a', 'b', 'c', 'd']);
  });

  it('confirm reads on leader and followers, never behind a finished write', async () => {
    const leader = await cluster.leader(p1);
    const written = await cluster.propose(leader, p1, 'seen');
    for (const name of cluster.running) {
      const { node } = cluster.member(name);
      const index = await cluster.until(node.readIndex(p1, 1_000));
      expect(index).toBeGreaterThanOrEqual(written.kind === 'applied' ? written.index : Infinity);
      expect(await cluster.until(node.waitApplied(p1, index, 1_000))).toBe(true);
      expect(cluster.appliedOn(name, p1)).toContain('seen');
    }
  });

  it('refuse reads when there is no quorum, and waits end at their deadline', async () => {
    const leader = await cluster.leader(p1);
    for (const name of cluster.running.filter((other) => other !== leader)) {
      await cluster.kill(name);
    }
    const { node } = cluster.member(leader);
    await expect(cluster.until(node.readIndex(p1, 500))).rejects.toThrow(NoLeaderError);
    const far = node.waitApplied(p1, 1_000 as never, 500);
    expect(await cluster.until(far)).toBe(false);
  });

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

  it('elect anew well before the time-out when a process has died, in every partition', async () => {
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
    await cluster.pass(20);
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

  it('bring every command through frames that are lost, repeated and reordered', async () => {
    let turn = 0;
    hub.route = () => [[], [0], [0, 7], [13], [0], [3, 3]][turn++ % 6] as number[];
    const texts = Array.from({ length: 30 }, (_, at) => `c${at}`);
    for (const text of texts) await cluster.write(p2, text);
    hub.route = () => [0];
    await cluster.agreed(p2, texts);
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

  it('refuse proposals beyond their limit before an entry exists', async () => {
    await cluster.stopAll();
    await start({ limits: { inFlightPerPartitionMax: 3 } });
    const leader = await cluster.leader(p1);
    const all = ['a', 'b', 'c', 'd'].map((text) => cluster.proposeOnly(leader, p1, text));
    const outcomes = await cluster.until(Promise.all(all));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied', 'dropped']);
    expect(outcomes[3]).toMatchObject({ reason: 'overloaded' });
    expect(await cluster.propose(leader, p1, 'e')).toMatchObject({ kind: 'applied' });
  });

  it('say unknown when no quorum answers, and again when the node stops', async () => {
    await cluster.stopAll();
    await start({ limits: { proposalTimeoutMs: 300 } });
    const leader = await cluster.leader(p1);
    hub.route = () => [];
    expect(await cluster.propose(leader, p1, 'x')).toMatchObject({ kind: 'unknown' });
    const open = cluster.proposeOnly(leader, p1, 'y');
    await cluster.pass(60);
    await cluster.kill(leader);
    expect(await open).toMatchObject({ kind: 'unknown' });
  });

  it('say replaced only when another entry was committed in its place', async () => {
    const leader = await cluster.leader(p1);
    hub.route = (from, to) => (from === leader || to === leader ? [] : [0]);
    const lost = cluster.proposeOnly(leader, p1, 'lost');
    const others = cluster.running.filter((name) => name !== leader);
    await cluster.eventually(async () => {
      for (const name of others) {
        if ((await cluster.propose(name, p1, 'kept')).kind === 'applied') return true;
      }
      return null;
    });
    hub.route = () => [0];
    expect(await cluster.until(lost)).toEqual({ kind: 'dropped', reason: 'replaced' });
    await cluster.agreed(p1, ['kept']);
  });

  it('stop one partition whose state machine fails, and not the others', async () => {
    const leader = await cluster.leader(p1);
    expect(await cluster.propose(leader, p1, 'poison')).toMatchObject({ kind: 'unknown' });
    await cluster.pass(1_000);
    for (const name of cluster.running) {
      const status = cluster.member(name).node.status(p1);
      expect(status).toMatchObject({ state: 'stopped', reason: 'the poison was swallowed' });
      expect(cluster.member(name).stopped).toEqual([p1]);
    }
    await cluster.write(p2, 'fine');
    await cluster.agreed(p2, ['fine']);
  });

  it('lose a node whose disk fails, at once and loudly, and go on without it', async () => {
    await cluster.stopAll();
    let broken: NodeName | null = null;
    await start({
      log: (self, content) =>
        new (class extends MemoryNodeLog {
          override append(...write: Parameters<MemoryNodeLog['append']>): Promise<void> {
            if (self === broken) return Promise.reject(new Error('no space left on device'));
            return super.append(...write);
          }
        })(content),
    });
    const leader = await cluster.leader(p1);
    broken = leader;
    expect(await cluster.propose(leader, p1, 'x')).toMatchObject({ kind: 'unknown' });
    expect(cluster.member(leader).fatal.map((error) => error.message)).toEqual([
      'no space left on device',
    ]);
    await cluster.kill(leader);
    await cluster.write(p1, 'y');
  });

  it('bring a node that is behind the log back with a snapshot, and compact the rest', async () => {
    await cluster.stopAll();
    await start({ limits: { snapshotEntries: 20, trailingEntries: 5 } });
    const late = cluster.names[2] as NodeName;
    await cluster.write(p1, 'c0');
    await cluster.kill(late);
    const texts = Array.from({ length: 100 }, (_, at) => `c${at}`);
    for (const text of texts.slice(1)) await cluster.write(p1, text);
    const leader = cluster.member(await cluster.leader(p1)).node;
    expect(leader.status(p1)?.firstIndex).toBeGreaterThan(70);
    await cluster.start(late);
    await cluster.agreed(p1, texts);
    await cluster.write(p1, 'end');
    await cluster.agreed(p1, [...texts, 'end']);
    expect(cluster.member(late).node.status(p1)?.firstIndex).toBeGreaterThan(70);
  });

  it('keep the log that a subscriber still needs', async () => {
    await cluster.stopAll();
    await start({ limits: { snapshotEntries: 20, trailingEntries: 0, lagEntriesMax: 60 } });
    const { node } = cluster.member(await cluster.leader(p1));
    node.holdLog(p1, 'projection', 10 as never);
    for (let at = 0; at < 50; at += 1) await cluster.write(p1, `c${at}`);
    expect(node.readCommitted(p1, 10 as never, 1_000)).not.toBeNull();
    for (let at = 0; at < 100; at += 1) await cluster.write(p1, `d${at}`);
    expect(node.readCommitted(p1, 10 as never, 1_000)).toBeNull();
  });

  it('change members one by one and jointly', async () => {
    const leader = await cluster.leader(p1);
    const gone = cluster.follower(p1);
    const change = { steps: [{ action: 'remove', node: gone } as const], autoLeave: true };
    const outcome = new Promise((resolve) => {
      cluster.member(leader).node.proposeConfChange(p1, change, {
        applied: () => resolve('applied'),
        dropped: resolve,
        unknown: resolve,
      });
    });
    expect(await cluster.until(outcome)).toBe('applied');
    const voters = cluster.names.filter((name) => name !== gone);
    expect(cluster.member(leader).node.status(p1)?.conf.voters).toEqual(voters);
    await cluster.kill(gone);
    expect(await cluster.propose(leader, p1, 'x')).toMatchObject({ kind: 'applied' });
  });
});
