import { describe, expect, it } from '@jest/globals';
import { nodeName } from '@metad/foundation';
import type { Clock, NodeName } from '@metad/foundation';
import type { Engine } from '../engine.js';
import type { NodeLimits } from '../node-options.js';
import { Transfers } from './transfers.js';

const [n1, n2] = [nodeName('n1'), nodeName('n2')];

/** One partition of a node that drains, and what its election looks like from there. */
class Stage {
  now = 0;
  readonly given: NodeName[] = [];
  readonly partition = {
    ...{ role: 'leader' as 'leader' | 'follower', leader: n1 as NodeName | null, isLive: true },
    proposals: { queued: 0 },
    replica: {
      status: () => ({
        ...{ confInForce: { voters: [n1, n2] }, transferTarget: null },
        progress: new Map([[n2, { match: 7 }]]),
      }),
    },
  };
  private readonly engine = {
    ...{ draining: true, tickListeners: [] as (() => void)[] },
    partitions: new Map([[1, this.partition]]),
    peers: { self: n1, mayLead: () => true, mayReturn: () => false },
    giveTo: (_partition: unknown, to: NodeName) => this.given.push(to),
  };
  readonly transfers = new Transfers(
    this.engine as unknown as Engine,
    { monotonic: () => this.now } as Clock,
    { electionMs: 1_000 } as NodeLimits,
  );

  async tick(ms: number): Promise<void> {
    this.now += ms;
    for (const listener of this.engine.tickListeners) listener();
    await Promise.resolve();
  }
}

describe('a farewell', () => {
  it('lasts until what was given is taken: it may come back', async () => {
    const stage = new Stage();
    let isOver = false;
    const farewell = stage.transfers
      .giveAllAway(10_000, () => 0)
      .then(() => {
        isOver = true;
      });
    await stage.tick(100);
    expect(stage.given).toEqual([n2, n2]);
    Object.assign(stage.partition, { role: 'follower', leader: null });
    await stage.tick(100);
    expect(isOver).toBe(false);
    Object.assign(stage.partition, { role: 'leader', leader: n1 });
    await stage.tick(100);
    expect(stage.given).toEqual([n2, n2, n2]);
    Object.assign(stage.partition, { role: 'follower', leader: n2 });
    await stage.tick(100);
    expect(isOver).toBe(true);
    await farewell;
  });

  it('does not wait for ever for somebody to be elected', async () => {
    const stage = new Stage();
    Object.assign(stage.partition, { role: 'follower', leader: null });
    let isOver = false;
    void stage.transfers.giveAllAway(10_000, () => 0).then(() => (isOver = true));
    await stage.tick(1_900);
    expect(isOver).toBe(false);
    await stage.tick(200);
    expect(isOver).toBe(true);
  });
});
