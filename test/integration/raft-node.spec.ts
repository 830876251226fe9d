import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import { NoLeaderError } from '@metad/raft';
import type { MemoryHub } from '@metad/raft';
import type { ClusterOptions, RaftCluster } from './raft/raft-cluster.js';
import { startVirtualCluster } from './raft/virtual-cluster.js';

const p1 = partitionId(1);
const p2 = partitionId(2);

// Whole nodes in virtual time: every run is the same, and a minute takes a second.
describe('three nodes', () => {
  let cluster: RaftCluster;
  let hub: MemoryHub;

  async function start(options: Partial<ClusterOptions> = {}): Promise<void> {
    ({ cluster, hub } = await startVirtualCluster(options));
  }

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

  it('bring every command through frames that are lost, repeated and reordered', async () => {
    let turn = 0;
    hub.route = () => [[], [0], [0, 7], [13], [0], [3, 3]][turn++ % 6] as number[];
    const texts = Array.from({ length: 30 }, (_, at) => `c${at}`);
    for (const text of texts) await cluster.write(p2, text);
    hub.route = () => [0];
    await cluster.agreed(p2, texts);
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

  it('refuse what no frame could bring to the others, and go on', async () => {
    const leader = await cluster.leader(p1);
    const { frameBytesMax } = hub.transport(leader);
    const large = await cluster.propose(leader, p1, 'x'.repeat(frameBytesMax));
    expect(large).toEqual({ kind: 'dropped', reason: 'tooLarge' });
    const largest = 'x'.repeat(frameBytesMax - 2_048);
    expect(await cluster.propose(leader, p1, largest)).toMatchObject({ kind: 'applied' });
    await cluster.agreed(p1, [largest]);
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
