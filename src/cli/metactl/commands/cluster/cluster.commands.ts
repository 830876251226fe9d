import { SubCommand } from 'nest-commander';
import { EXIT } from '../../exit-code.js';
import { field, yielding } from '../../output/table.js';
import type { Session, SessionOptions } from '../../session/session.js';
import { MetactlCommand } from '../metactl-command.js';
import { AdminCommand } from './admin.commands.js';
import type { AdminOptions } from './admin.commands.js';
import { partitionsOf, replicasOf } from './partition-facts.js';
import type { PartitionFacts, ReplicaFacts } from './partition-facts.js';
import { wholeNumber } from '../../input/whole-number.js';

const NODE_COLUMNS = [
  field('node'),
  field('state'),
  field('leads', 'leads', 'right'),
  field('replicas', 'replicas', 'right'),
  field('lag', 'lagEntries', 'right'),
  field('http'),
  field('version'),
  yielding(field('started', 'startedAt')),
];

const PARTITION_COLUMNS = [
  field('partition', 'partition', 'right'),
  field('leader'),
  field('term', 'term', 'right'),
  field('commit', 'commitIndex', 'right'),
  field('lag', 'lagEntries', 'right'),
  field('replicas'),
];

const REPLICA_COLUMNS = [
  field('partition', 'partition', 'right'),
  field('node'),
  field('role'),
  field('term', 'term', 'right'),
  field('first', 'firstIndex', 'right'),
  field('last', 'lastIndex', 'right'),
  field('commit', 'commitIndex', 'right'),
  field('applied', 'appliedIndex', 'right'),
  field('voters'),
  field('learners'),
  yielding(field('digest')),
];

/** Nodes, and partitions without a leader. Exit code 7 if anything is missing. */
@SubCommand({ name: 'status', description: 'nodes, leaders, and what is missing' })
export class ClusterStatusCommand extends MetactlCommand<SessionOptions> {
  protected async execute(session: Session): Promise<void> {
    const { nodes, partitions } = await surveyOf(session);
    const away = nodes.filter(isAway).map((node) => node['node']);
    const leaderless = partitions.filter((each) => each.leader === null);
    const { printer } = session;
    if (printer.format !== 'table') printer.value({ nodes, partitions: partitions.map(summary) });
    else {
      printer.rows(nodes, NODE_COLUMNS);
      printer.text('');
      printer.rows(partitions.map(summary), PARTITION_COLUMNS);
    }
    if (away.length > 0) printer.note(`not reachable: ${away.join(', ')}`);
    if (leaderless.length > 0) {
      printer.note(`without a leader: partition ${leaderless.map((p) => p.partition).join(', ')}`);
    }
    if (away.length + leaderless.length > 0) process.exitCode = EXIT.degraded;
  }
}

@SubCommand({ name: 'list', description: 'the nodes of the cluster' })
export class NodeListCommand extends MetactlCommand<SessionOptions> {
  protected async execute(session: Session): Promise<void> {
    const { nodes } = await surveyOf(session);
    session.printer.rows(nodes, NODE_COLUMNS);
  }
}

@SubCommand({ name: 'list', description: 'partitions with leader, commit and lag' })
export class PartitionListCommand extends MetactlCommand<SessionOptions> {
  protected async execute(session: Session): Promise<void> {
    const { partitions } = await surveyOf(session);
    session.printer.rows(partitions.map(summary), PARTITION_COLUMNS);
  }
}

@SubCommand({
  name: 'describe',
  arguments: '<partition>',
  description: 'every replica of a partition, as its node sees it',
})
export class PartitionDescribeCommand extends AdminCommand {
  protected async execute(
    { gateway, printer }: Session,
    [text = '']: readonly string[],
    options: AdminOptions,
  ): Promise<void> {
    const partition = wholeNumber('<partition>', text, 0, 1_000_000);
    const answers = await gateway.adminOf(options.node, 'partition', 'describe', { partition });
    printer.rows(replicasOf(answers) as unknown as Record<string, unknown>[], REPLICA_COLUMNS);
  }
}

interface Survey {
  readonly nodes: readonly Record<string, unknown>[];
  readonly partitions: readonly PartitionFacts[];
}

/** Asks every node what it is and what it replicates. */
export async function surveyOf({ gateway }: Session): Promise<Survey> {
  const names = await gateway.nodes();
  const [described, replicated] = await Promise.all([
    gateway.adminEach(names, 'node', 'describe'),
    gateway.adminEach(names, 'partition', 'describe'),
  ]);
  const replicas = replicasOf(replicated);
  const partitions = partitionsOf(replicas);
  const nodes = described.map(({ node, reply, error }) => ({
    node,
    ...loadOf(node, replicas, partitions),
    ...reply,
    state: error ?? STATE_NAMES[String(reply['state'])] ?? reply['state'] ?? 'up',
    away: error !== null,
  }));
  return { nodes, partitions };
}

/** What is as it should be is called `up`; the other states of a node have their own names. */
const STATE_NAMES: Readonly<Record<string, string>> = { serving: 'up' };

/** A node that did not answer; one that is drained or starting did. */
export const isAway = (node: Readonly<Record<string, unknown>>): boolean => node['away'] === true;

function loadOf(
  node: string,
  replicas: readonly ReplicaFacts[],
  partitions: readonly PartitionFacts[],
): Record<string, unknown> {
  const own = replicas.filter((replica) => replica.node === node);
  if (own.length === 0) return {};
  const commit = new Map(partitions.map((each) => [each.partition, each.commitIndex]));
  const lags = own.map((each) => (commit.get(each.partition) ?? 0) - each.appliedIndex);
  return {
    leads: partitions.filter((each) => each.leader === node).length,
    replicas: own.length,
    lagEntries: Math.max(...lags),
  };
}

function summary(facts: PartitionFacts): Record<string, unknown> {
  const { replicas, ...rest } = facts;
  return { ...rest, replicas: replicas.map((replica) => replica.node) };
}
