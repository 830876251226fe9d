import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionId, logIndex, term } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { MemoryNodeLog } from '@metad/raft';
import type { MemoryLogContent } from '@metad/raft';
import type { ClusterOptions, RaftCluster } from './raft/raft-cluster.js';
import { startVirtualCluster } from './raft/virtual-cluster.js';

const p1 = partitionId(1);
const p2 = partitionId(2);

/** A log that has lost everything it held, and says so. */
class DamagedLog extends MemoryNodeLog {
  private damage: ReturnType<MemoryNodeLog['damageOf']> = {
    kind: 'corrupt',
    reason: 'segment 7, byte 123',
  };
  private readonly lost: ReturnType<MemoryNodeLog['recovered']>;

  constructor(content: MemoryLogContent) {
    const found = new MemoryNodeLog(content).recovered();
    content.partitions.clear();
    super(content);
    const nothing = { index: logIndex(0), term: term(0) };
    const hardState = { term: term(0), vote: null, commit: logIndex(0) };
    this.lost = found.map(({ partition, snapshot: { conf } }) => {
      this.create(partition, { ...nothing, conf });
      const snapshot = { ...nothing, conf };
      return {
        partition,
        hardState,
        snapshot,
        state: 'corrupt',
        reason: this.damage?.reason ?? null,
      };
    });
  }

  override recovered(): ReturnType<MemoryNodeLog['recovered']> {
    return this.lost;
  }

  override damageOf(): ReturnType<MemoryNodeLog['damageOf']> {
    return this.damage;
  }

  override heal(...healed: Parameters<MemoryNodeLog['heal']>): Promise<void> {
    this.damage = null;
    return super.heal(...healed);
  }
}

// Whole nodes in virtual time: every run is the same, and a minute takes a second.
describe('three nodes, and what their disks remember', () => {
  let cluster: RaftCluster;

  async function start(options: Partial<ClusterOptions> = {}): Promise<void> {
    ({ cluster } = await startVirtualCluster(options));
  }

  beforeEach(() => start());
  afterEach(() => cluster.stopAll());

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

  describe('with a replica that has lost records', () => {
    /** Opens the log of `victim` as one that lost everything and knows it. */
    async function startDamaged(): Promise<NodeName> {
      await cluster.stopAll();
      const victim = cluster.names[2] as NodeName;
      let damaged = false;
      await start({
        log: (self, content) =>
          self === victim && damaged ? new DamagedLog(content) : new MemoryNodeLog(content),
      });
      for (const text of ['a', 'b']) await cluster.write(p1, text);
      await cluster.agreed(p1, ['a', 'b']);
      await cluster.kill(victim);
      damaged = true;
      return victim;
    }

    it('refill it from the others, after which it takes part again', async () => {
      const victim = await startDamaged();
      const { node } = await cluster.start(victim).then(() => cluster.member(victim));
      expect(node.status(p1)).toMatchObject({ state: 'corrupt', reason: 'segment 7, byte 123' });
      await cluster.write(p1, 'c');
      await cluster.agreed(p1, ['a', 'b', 'c']);
      await cluster.eventually(() => (node.status(p1)?.state === 'corrupt' ? null : true));
      await cluster.kill(cluster.running.find((name) => name !== victim) as NodeName);
      await cluster.write(p1, 'd');
      await cluster.agreed(p1, ['a', 'b', 'c', 'd']);
    });

    it('give it no vote and no lead before all others have told it their terms', async () => {
      const victim = await startDamaged();
      await cluster.kill(cluster.names[0] as NodeName);
      await cluster.start(victim);
      await cluster.pass(10_000);
      const status = cluster.member(victim).node.status(p1);
      expect(status).toMatchObject({ state: 'corrupt', vote: null, role: 'follower' });
      expect(cluster.running.some((name) => serves(name))).toBe(false);
      await cluster.start(cluster.names[0] as NodeName);
      await cluster.write(p1, 'c');
      await cluster.agreed(p1, ['a', 'b', 'c']);
    });

    it('let it take over the log of one that cannot lead, if nobody else can', async () => {
      await cluster.stopAll();
      const [n1, n2, n3] = cluster.names as [NodeName, NodeName, NodeName];
      const steps = [{ action: 'addLearner', node: n3 } as const];
      const noop = { term: term(1), kind: 'noop', change: null, data: new Uint8Array(0) } as const;
      const command = { ...noop, kind: 'command' } as const;
      const entries = [
        { ...noop, index: logIndex(1) },
        { ...noop, index: logIndex(2), kind: 'conf' as const, change: { steps, autoLeave: true } },
        { ...command, index: logIndex(3), data: Buffer.from('a') },
        { ...command, index: logIndex(4), data: Buffer.from('b') },
      ];
      // The learner alone has all of it; of the two voters one has lost nearly everything.
      const held = new Map([
        [n1, 3],
        [n2, 1],
        [n3, 4],
      ]);
      const log = async (self: NodeName, content: MemoryLogContent): Promise<MemoryNodeLog> => {
        const before = new MemoryNodeLog(content);
        const base = { index: logIndex(0), term: term(0), conf: cluster.conf };
        before.create(p1, base);
        if (self === n2) await before.condemn(p1, base, 'segment 7, byte 123');
        const hardState = { term: term(1), vote: null, commit: logIndex(0) };
        const write = { partition: p1, hardState, snapshot: null };
        await before.append([{ ...write, entries: entries.slice(0, held.get(self)) }], true);
        return new MemoryNodeLog(content);
      };
      await start({ partitions: 1, log });
      expect(cluster.member(n2).node.status(p1)).toMatchObject({ state: 'corrupt', lastIndex: 1 });
      await cluster.write(p1, 'c');
      await cluster.agreed(p1, ['a', 'b', 'c']);
      expect(cluster.member(n2).node.status(p1)).toMatchObject({ state: 'running' });
      expect(await cluster.leader(p1)).toBe(n2);
    });

    const serves = (name: NodeName): boolean =>
      cluster.member(name).node.status(p1)?.role === 'leader';
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
});
