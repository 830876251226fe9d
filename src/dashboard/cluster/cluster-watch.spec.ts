import { describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { command, report } from '../testing/sample-report.js';
import type { NodeReport } from '../node/node-report.js';
import { ClusterWatch } from './cluster-watch.js';
import { SnapshotDeltas } from './snapshot-delta.js';

function watched(answers: Record<string, () => NodeReport | Promise<NodeReport>>) {
  let now = 1_000;
  const watch = new ClusterWatch({
    ...{ node: 'n1', cluster: 'c', members: () => ['n2', 'n1'], incarnation: () => 'i' },
    report: () => report('n1', { facts: { ...report('n1').facts, applied: now * 3 } }),
    ask: async (node) => (answers[node] as () => Promise<NodeReport>)(),
    clock: { now: () => now, monotonic: () => now, after: () => () => undefined },
  });
  return { watch, pass: (ms: number) => (now += ms) };
}

const absent = () => {
  throw new MetadError('NO_LEADER', 'nobody', { nobody: true });
};
const silent = () => {
  throw new MetadError('NO_LEADER', 'no answer', { nobody: false });
};

describe('the cluster as one node sees it', () => {
  it('remembers since when a node is away, and what it said last', async () => {
    let answer: () => NodeReport = () => report('n2');
    const { watch, pass } = watched({ n2: () => answer() });
    await watch.look();
    pass(1_000);
    answer = absent;
    await watch.look();
    pass(1_000);
    const { nodes } = await watch.look();
    expect(nodes.map(({ node, state, since }) => [node, state, since])).toEqual([
      ['n1', 'up', 1_000],
      ['n2', 'absent', 2_000],
    ]);
    expect(nodes[1]?.figures?.version).toBe('0.1.0');
  });

  it('tells a node that is silent, or talks nonsense, from one that is not there', async () => {
    const { watch } = watched({ n2: silent });
    expect((await watch.look()).nodes[1]?.state).toBe('silent');
    const nonsense = watched({ n2: () => Promise.reject(new SyntaxError('not JSON')) });
    expect((await nonsense.watch.look()).nodes[1]?.state).toBe('silent');
  });

  it('measures rates between two looks', async () => {
    const { watch, pass } = watched({ n2: absent });
    expect((await watch.look()).nodes[0]?.appliedRate).toBeNull();
    pass(1_000);
    expect((await watch.look()).nodes[0]?.appliedRate).toBe(3_000);
  });

  it('names a command once, with the words of whoever refused it', async () => {
    const refused = { outcome: 'refused', code: 'VERSION_CONFLICT' } as const;
    const told = [command('1/7', { ...refused, message: 'it is 8' }), command('1/6')];
    const { watch } = watched({ n2: () => report('n2', { commands: told }) });
    const { commands } = await watch.look();
    expect(commands.map(({ key, message }) => [key, message])).toEqual([
      ['1/7', 'it is 8'],
      ['1/6', null],
    ]);
  });
});

describe('a delta', () => {
  it('leaves out what did not change, and brings the words of a refusal later', async () => {
    const { watch } = watched({ n2: absent });
    const snapshot = await watch.look();
    const view = (partition: number, commit: number) => ({
      ...{ partition, commit, leader: 'n1', term: 1, voters: [], learners: [] },
      ...{ replicas: [], problems: [] },
    });
    const deltas = new SnapshotDeltas();
    const first = [command('1/1', { outcome: 'refused', code: 'X' }), command('1/2')];
    deltas.next({ ...snapshot, partitions: [view(1, 5), view(2, 5)], commands: first });
    const second = [command('1/1', { outcome: 'refused', code: 'X', message: 'why' }), first[1]!];
    const delta = deltas.next({
      ...snapshot,
      partitions: [view(1, 6)],
      commands: second,
    });
    expect(delta.partitions.map(({ partition }) => partition)).toEqual([1]);
    expect(delta.removedPartitions).toEqual([2]);
    expect(delta.commands.map(({ key }) => key)).toEqual(['1/1']);
  });
});
