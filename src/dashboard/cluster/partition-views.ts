import type { NodeReport, ReplicaRow } from '../node/node-report.js';
import { PROBLEMS, type PartitionView, type Problem, type ReplicaView } from './snapshot.js';

/** Reports are taken at slightly different moments: less than this is no lag worth naming. */
const lagEntriesMax = 1_000;

interface Reported {
  readonly node: string;
  readonly row: ReplicaRow;
  readonly report: NodeReport;
}

/** Joins what the nodes that answered say of each partition, in the order of partitions. */
export function partitionViews(reports: readonly NodeReport[]): PartitionView[] {
  const byPartition = new Map<number, Reported[]>();
  for (const report of reports) {
    for (const row of report.replicas) {
      const known = byPartition.get(row[0]);
      if (known) known.push({ node: report.node, row, report });
      else byPartition.set(row[0], [{ node: report.node, row, report }]);
    }
  }
  const answering = new Set(reports.map(({ node }) => node));
  return [...byPartition.keys()]
    .sort((a, b) => a - b)
    .map((partition) => viewOf(partition, byPartition.get(partition) ?? [], answering));
}

function viewOf(
  partition: number,
  reported: readonly Reported[],
  answering: ReadonlySet<string>,
): PartitionView {
  const newest = newestTerm(reported);
  const leads = reported.find(({ row }) => row[1] === 'leader' && row[2] === newest);
  const [first] = reported;
  const told = leads ?? first;
  const { voters, learners } = told?.report.memberships[told.row[8]] ?? NOBODY;
  const commit = Math.max(...reported.map(({ row }) => row[4]));
  const byNode = new Map(reported.map((each) => [each.node, each.row]));
  const replicas = [...voters, ...learners].map((node) =>
    replicaOf(node, byNode.get(node), commit),
  );
  const leader = leads?.node ?? null;
  const view = { partition, leader, term: newest, commit, voters, learners, replicas };
  return { ...view, problems: problemsOf(view, reported, answering) };
}

const NOBODY = { voters: [], learners: [] };

const newestTerm = (reported: readonly Reported[]): number =>
  Math.max(...reported.map(({ row }) => row[2]));

function replicaOf(node: string, row: ReplicaRow | undefined, commit: number): ReplicaView {
  if (row === undefined) {
    return { node, role: null, state: null, applied: 0, lag: 0, reason: null };
  }
  const [, role, , , , applied, state, , , reason] = row;
  return { node, role, state, applied, lag: commit - applied, reason };
}

/** The worst first. */
function problemsOf(
  view: Omit<PartitionView, 'problems'>,
  reported: readonly Reported[],
  answering: ReadonlySet<string>,
): Problem[] {
  const { leader, replicas, voters } = view;
  const found = new Set<Problem>();
  if (leader === null) found.add('no-leader');
  if (diverged(reported)) found.add('diverged');
  for (const { state, lag } of replicas) {
    if (state === null) found.add('replica-away');
    if (state === 'stopped' || state === 'corrupt') found.add('replica-stopped');
    if (state === 'installing') found.add('replica-installing');
    if (state !== null && lag > lagEntriesMax) found.add('lagging');
  }
  const working = voters.filter((node) => answering.has(node)).length;
  const quorum = Math.floor(voters.length / 2) + 1;
  if (voters.length > 2 && working <= quorum && working < voters.length) {
    found.add('no-quorum-margin');
    found.delete('replica-away'); // Says the same, and less.
  }
  return PROBLEMS.filter((problem) => found.has(problem));
}

/** Two replicas that applied the same index must hold the same state. */
function diverged(reported: readonly Reported[]): boolean {
  const digests = new Map<number, string>();
  for (const { row } of reported) {
    const [, , , , , applied, , digest] = row;
    if (digest === null) continue;
    const known = digests.get(applied);
    if (known !== undefined && known !== digest) return true;
    digests.set(applied, digest);
  }
  return false;
}
