import { describe, expect, it } from '@jest/globals';
import { nodeName, partitionId } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import fc from 'fast-check';
import { planCountTransfer, planLoadTransfer } from './leadership-plan.js';

const [n1, n2, n3] = ['n1', 'n2', 'n3'].map(nodeName) as [NodeName, NodeName, NodeName];
const share = (node: NodeName, leaders: number, load = 0) => ({ node, leaders, load });
const led = (id: number, load = 0, candidates = [n1, n2, n3]) => ({
  partition: partitionId(id),
  load,
  candidates,
});

const planTransfer = (...plan: Parameters<typeof planCountTransfer>) =>
  planCountTransfer(...plan) ?? planLoadTransfer(...plan);

/** Lets every node plan in turn until nobody wants to move; returns the moves and the end state. */
function settle(loads: readonly number[], leaderAt: number[]): { moves: number; leader: number[] } {
  const nodes = [n1, n2, n3];
  const leader = [...leaderAt];
  for (let moves = 0; moves < 1_000; moves += 1) {
    const shares = nodes.map((node, at) => {
      const mine = leader.flatMap((who, p) => (who === at ? [loads[p] ?? 0] : []));
      return share(
        node,
        mine.length,
        mine.reduce((sum, load) => sum + load, 0),
      );
    });
    const plan = nodes
      .map((node, at) =>
        planTransfer(
          node,
          shares,
          leader.flatMap((who, p) => (who === at ? [led(p, loads[p])] : [])),
        ),
      )
      .find((found) => found !== null);
    if (!plan) return { moves, leader };
    leader[plan.partition] = nodes.indexOf(plan.to);
  }
  return { moves: Infinity, leader };
}

describe('leadership plan', () => {
  it('moves a leadership from the fullest node to the emptiest', () => {
    const shares = [share(n1, 4), share(n2, 2), share(n3, 1)];
    expect(planTransfer(n1, shares, [led(7), led(8)])).toEqual({ partition: 7, to: n3 });
  });

  it('gives nothing below the average, however empty another node is', () => {
    const shares = [share(n1, 5), share(n2, 10), share(n3, 0)];
    expect(planTransfer(n1, shares, [led(7)])).toBeNull();
    expect(planTransfer(n2, shares, [led(8)])).toEqual({ partition: 8, to: n3 });
  });

  it('leaves a difference of one alone', () => {
    expect(planTransfer(n1, [share(n1, 2), share(n2, 1), share(n3, 1)], [led(1)])).toBeNull();
  });

  it('gives nothing to a node whose replica is not caught up', () => {
    const shares = [share(n1, 4), share(n2, 2), share(n3, 0)];
    expect(planTransfer(n1, shares, [led(1, 0, [n1, n2])])).toEqual({ partition: 1, to: n2 });
  });

  it('moves load to a node that leads one less, but not for a small difference', () => {
    const busy = [share(n1, 2, 100), share(n2, 1, 10)];
    expect(planTransfer(n1, busy, [led(1, 50), led(2, 50)])).toEqual({ partition: 1, to: n2 });
    const close = [share(n1, 2, 100), share(n2, 1, 80)];
    expect(planTransfer(n1, close, [led(1, 50), led(2, 50)])).toBeNull();
  });

  it('does not hand one heavy partition round in circles', () => {
    expect(planTransfer(n1, [share(n1, 1, 100), share(n2, 0, 0)], [led(1, 100)])).toBeNull();
  });

  it('plans nothing for a node that is draining or unknown', () => {
    expect(planTransfer(n1, [share(n2, 0)], [led(1)])).toBeNull();
  });

  it('always settles, with counts that differ by at most one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(100), fc.nat(2)), { minLength: 1, maxLength: 24 }),
        (partitions) => {
          const loads = partitions.map(([load]) => load);
          const { moves, leader } = settle(
            loads,
            partitions.map(([, at]) => at),
          );
          expect(moves).toBeLessThan(200);
          const counts = [0, 1, 2].map((at) => leader.filter((who) => who === at).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
