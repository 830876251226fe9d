import { describe, expect, it } from '@jest/globals';
import { replica, report } from '../testing/sample-report.js';
import { partitionViews } from './partition-views.js';

const only = (...reports: Parameters<typeof partitionViews>[0][number][]) => {
  const [view] = partitionViews(reports);
  if (view === undefined) throw new Error('no partition');
  return view;
};
const n = (name: string, row: ReturnType<typeof replica>) => report(name, { replicas: [row] });

describe('a partition', () => {
  it('has the leader of the newest term, and nothing wrong when all are level', () => {
    const view = only(
      n('n1', replica('follower')),
      n('n2', replica('leader')),
      n('n3', replica('leader', { term: 1 })),
    );
    expect(view).toMatchObject({ leader: 'n2', term: 2, commit: 10, problems: [] });
    expect(view.replicas.map(({ node, lag }) => [node, lag])).toEqual([
      ['n1', 0],
      ['n2', 0],
      ['n3', 0],
    ]);
  });

  it('without anybody who leads has no leader, whoever its followers believe in', () => {
    const view = only(n('n1', replica('follower')), n('n2', replica('candidate')));
    expect(view).toMatchObject({ leader: null, problems: ['no-leader', 'no-quorum-margin'] });
  });

  it('shows the replica of a node that does not answer as away', () => {
    const view = only(n('n1', replica('leader')), n('n2', replica('follower')));
    expect(view.replicas[2]).toMatchObject({ node: 'n3', role: null, state: null });
    expect(view.problems).toEqual(['no-quorum-margin']);
  });

  it('names a replica that lags, one that stopped and one that is being filled', () => {
    const view = only(
      n('n1', replica('leader', { applied: 10 })),
      n('n2', replica('follower', { state: 'corrupt' })),
      n('n3', replica('follower', { state: 'installing' })),
    );
    expect(view.problems).toEqual(['replica-stopped', 'replica-installing']);
    const far = replica('follower', { applied: -2_000 });
    expect(only(n('n1', replica('leader')), n('n2', far), n('n3', far)).problems).toContain(
      'lagging',
    );
  });

  it('has diverged when two replicas differ at the same index, and only then', () => {
    const other = replica('follower', { digest: 'e' });
    const behind = replica('follower', { digest: 'e', applied: 9 });
    const of = (row: typeof other) =>
      only(n('n1', replica('leader')), n('n2', row), n('n3', replica('follower'))).problems;
    expect(of(other)).toEqual(['diverged']);
    expect(of(behind)).toEqual([]);
  });
});

describe('partitions', () => {
  it('come in order, from whichever node knows them', () => {
    const rows = [7, 3, 12].map((partition) => replica('leader', { partition }));
    const views = partitionViews([report('n1', { replicas: rows })]);
    expect(views.map(({ partition }) => partition)).toEqual([3, 7, 12]);
  });
});
