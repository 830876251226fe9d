import { afterEach, describe, expect, it } from '@jest/globals';
import { partitionId } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { MemoryHub } from '@metad/raft';
import { eventually, RaftCluster, realClock } from './raft/raft-cluster.js';
import type { ClusterOptions } from './raft/raft-cluster.js';

const p1 = partitionId(1);
let cluster: RaftCluster;

async function startCluster(options: Partial<ClusterOptions> = {}): Promise<MemoryHub> {
  const hub = new MemoryHub(realClock);
  const transport = (self: NodeName) => Promise.resolve(hub.transport(self));
  cluster = new RaftCluster({ transport, ...options });
  await cluster.startAll();
  return hub;
}

describe('a node of three, over memory', () => {
  afterEach(() => cluster.stopAll());

  it('elects a leader for every partition and applies what is proposed, everywhere', async () => {
    await startCluster();
    for (const partition of cluster.partitions) {
      const leader = await cluster.leader(partition);
      expect(await cluster.propose(leader, partition, 'a')).toMatchObject({
        kind: 'applied',
        result: 1,
      });
      expect(await cluster.propose(leader, partition, 'b')).toMatchObject({ result: 2 });
      for (const name of cluster.running) {
        await eventually(() => (cluster.appliedOn(name, partition).length === 2 ? true : null));
        expect(cluster.appliedOn(name, partition)).toEqual(['a', 'b']);
      }
    }
  });

  it('tells a proposer on a follower who leads', async () => {
    await startCluster();
    const leader = await cluster.leader(p1);
    const follower = cluster.running.find((name) => name !== leader) as NodeName;
    expect(await cluster.propose(follower, p1, 'x')).toEqual({
      kind: 'dropped',
      reason: 'notLeader',
    });
  });

  it('goes on when a leader is killed, and the killed one catches up from its log', async () => {
    await startCluster();
    const leader = await cluster.leader(p1);
    expect(await cluster.propose(leader, p1, 'before')).toMatchObject({ kind: 'applied' });
    await cluster.kill(leader);
    await cluster.write(p1, 'during');
    await cluster.start(leader);
    await cluster.write(p1, 'after');
    for (const name of cluster.running) {
      await eventually(() => (cluster.appliedOn(name, p1).includes('after') ? true : null));
      expect(cluster.appliedOn(name, p1)).toEqual(['before', 'during', 'after']);
    }
  });

  it('applies everything again when all nodes restart', async () => {
    await startCluster();
    for (const text of ['a', 'b', 'c']) await cluster.write(p1, text);
    await cluster.stopAll();
    await cluster.startAll();
    await cluster.write(p1, 'd');
    for (const name of cluster.running) {
      await eventually(() => (cluster.appliedOn(name, p1).length === 4 ? true : null));
      expect(cluster.appliedOn(name, p1)).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  it('confirms reads on leader and followers, never behind a finished write', async () => {
    await startCluster();
    const leader = await cluster.leader(p1);
    const outcome = await cluster.propose(leader, p1, 'seen');
    for (const name of cluster.running) {
      const { node } = cluster.member(name);
      const index = await node.readIndex(p1, 1_000);
      expect(index).toBeGreaterThanOrEqual(outcome.kind === 'applied' ? outcome.index : Infinity);
      expect(await node.waitApplied(p1, index, 1_000)).toBe(true);
      expect(cluster.appliedOn(name, p1)).toContain('seen');
    }
  });
});
