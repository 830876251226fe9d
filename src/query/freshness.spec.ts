import { describe, expect, it } from '@jest/globals';
import type { MetadError } from '@metad/contract';
import { logIndex, partitionId, type Clock } from '@metad/foundation';
import type { Consensus } from '../consensus/consensus.js';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import { Freshness } from './freshness.js';
import { NodeBarrier } from './local/node-barrier.js';
import type { ReadModel } from './query-ports.js';
import type { CheckedRequest } from './query-request.js';

const one = partitionId(1);

/** A node that asks its leader in 0.4 ms, or never, and what its tables hold of ten entries. */
function freshness(given: { leader?: boolean; absorbed?: number; behindMs?: number } = {}) {
  const { leader = true, absorbed = 10, behindMs = 0 } = given;
  let now = 1_000;
  const consensus = {
    linearize: async () => {
      now += 0.4;
      if (!leader) throw new Error('no leader');
    },
    node: { appliedIndex: () => logIndex(10) },
  };
  const directory = { map: () => ({ partitions: () => [one] }) };
  const barrier = new NodeBarrier(
    consensus as unknown as Consensus,
    directory as unknown as PartitionDirectory,
    { monotonic: () => now } as Clock,
  );
  const model = { lagMs: () => behindMs, absorbed: () => logIndex(absorbed) };
  return {
    fresh: new Freshness(barrier, 100),
    model: model as unknown as ReadModel,
    pass: (ms: number) => void (now += ms),
  };
}

const within = (maxLagMs: number) => ({ consistency: 'bounded', maxLagMs }) as CheckedRequest;
const messageOf = (asked: Promise<void>) =>
  asked.then(
    () => 'answered',
    (error: MetadError) => `${error.code}: ${error.message}`,
  );

describe('a bounded query that may not be behind at all', () => {
  it('is answered once the leader has confirmed what this node holds', async () => {
    const { fresh, model } = freshness();
    expect(await messageOf(fresh.memory(one, within(0)))).toBe('answered');
    expect(await messageOf(fresh.tables(model, 'tenant', within(0)))).toBe('answered');
  });

  it('asks the leader again for every query', async () => {
    const { fresh, pass } = freshness();
    for (let asked = 0; asked < 3; asked += 1) {
      expect(await messageOf(fresh.memory(one, within(0)))).toBe('answered');
      pass(50);
    }
  });

  it.each([
    ['tables lack an entry', { absorbed: 9, behindMs: 0.3 }, 'this node may be 1 ms behind'],
    ['tables have just lost touch', { absorbed: 9, behindMs: 0 }, 'this node may be 1 ms behind'],
    ['no leader answers', { leader: false }, 'this node may be cut off from a leader'],
  ])('is refused where %s, in words that do not contradict it', async (_why, given, words) => {
    const { fresh, model } = freshness(given);
    expect(await messageOf(fresh.tables(model, 'tenant', within(0)))).toBe(
      `POSITION_NOT_REACHED: ${words}: more than maxLagMs 0`,
    );
  });
});

describe('a bounded query', () => {
  it('is answered from what was confirmed no longer ago than it allows', async () => {
    const { fresh, model, pass } = freshness();
    await fresh.memory(one, within(0));
    pass(40);
    expect(await messageOf(fresh.memory(one, within(50)))).toBe('answered');
    expect(await messageOf(fresh.tables(model, 'tenant', within(50)))).toBe('answered');
  });

  it('counts what the tables are behind of the node', async () => {
    const { fresh, model } = freshness({ absorbed: 9, behindMs: 70 });
    expect(await messageOf(fresh.tables(model, 'tenant', within(100)))).toBe('answered');
    expect(await messageOf(fresh.tables(model, 'tenant', within(50)))).toContain('70 ms behind');
  });
});
