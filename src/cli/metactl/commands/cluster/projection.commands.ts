import { Option, SubCommand } from 'nest-commander';
import { EXIT } from '../../exit-code.js';
import { field } from '../../output/table.js';
import { rowsOf } from '../../session/gateway.js';
import type { Session } from '../../session/session.js';
import { oneOf } from '../metactl-command.js';
import { wholeNumber } from '../../input/whole-number.js';
import { AdminCommand, rowsWithNode } from './admin.commands.js';
import type { AdminOptions } from './admin.commands.js';
import { followJob, hasFailed } from './job-follower.js';
import type { JobFacts } from './job-follower.js';

const PROJECTION_COLUMNS = [
  field('node'),
  field('projection', 'name'),
  field('version', 'version', 'right'),
  field('state'),
  field('lag', 'lagEntries', 'right'),
  field('lag ms', 'lagMs', 'right'),
  field('reason'),
  field('error'),
];

const CHECKPOINT_COLUMNS = [
  field('node'),
  field('projection', 'name'),
  field('version', 'version', 'right'),
  field('partition', 'partition', 'right'),
  field('index', 'index', 'right'),
  field('term', 'term', 'right'),
  field('digest'),
];

async function listed({ gateway }: Session, options: AdminOptions) {
  const answers = await gateway.adminOf(options.node, 'projection', 'list');
  return answers.flatMap(rowsWithNode);
}

@SubCommand({ name: 'list', description: 'projections of every node, with state and lag' })
export class ProjectionListCommand extends AdminCommand {
  protected async execute(
    session: Session,
    _args: readonly string[],
    options: AdminOptions,
  ): Promise<void> {
    session.printer.rows(await listed(session, options), PROJECTION_COLUMNS);
  }
}

@SubCommand({
  name: 'status',
  arguments: '[name]',
  description: 'how far each projection is, partition by partition',
})
export class ProjectionStatusCommand extends AdminCommand {
  protected async execute(
    session: Session,
    [name]: readonly string[],
    options: AdminOptions,
  ): Promise<void> {
    const all = await listed(session, options);
    const rows = all.filter((row) => name === undefined || row['name'] === name);
    const { printer } = session;
    if (printer.format !== 'table') {
      printer.value(rows);
      return;
    }
    printer.rows(rows, PROJECTION_COLUMNS);
    if (name === undefined) return;
    printer.text('');
    printer.rows(rows.flatMap(checkpointsOf), CHECKPOINT_COLUMNS);
  }
}

function checkpointsOf(row: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
  const { node, name, version, checkpoints } = row;
  return rowsOf({ items: checkpoints }).map((each) => ({ node, name, version, ...each }));
}

const SOURCES = ['log', 'snapshot'] as const;

interface RebuildOptions extends AdminOptions {
  readonly source?: (typeof SOURCES)[number];
  readonly throttle?: number;
  /** False with `--no-activate`. */
  readonly activate?: boolean;
  readonly detach?: boolean;
  readonly allNodes?: boolean;
}

/** `metactl projection rebuild resource --node n2`. */
@SubCommand({
  name: 'rebuild',
  arguments: '<name>',
  description: 'build a new version from the log beside the live one, compare, and switch',
})
export class ProjectionRebuildCommand extends AdminCommand<RebuildOptions> {
  protected async execute(
    session: Session,
    [name = '']: readonly string[],
    options: RebuildOptions,
  ): Promise<void> {
    const nodes = options.node === undefined ? await session.gateway.nodes() : [options.node];
    // The job is one node's, and goes on without this terminal.
    if (options.allNodes === true) return rebuildOn(session, nodes[0] ?? '', name, options);
    // One node after the other: the others go on serving from tables that nobody touches.
    for (const node of nodes) await rebuildOn(session, node, name, options);
  }

  @Option({
    flags: '--source <source>',
    description: 'log (default: from the very beginning), snapshot',
  })
  parseSource(text: string): string {
    return oneOf('--source', text, SOURCES);
  }

  @Option({ flags: '--throttle <n>', description: 'at most so many changes a second' })
  parseThrottle(text: string): number {
    return wholeNumber('--throttle', text, 1, 100_000_000);
  }

  @Option({ flags: '--no-activate', description: 'leave the new version beside the live one' })
  parseNoActivate(): boolean {
    return false;
  }

  @Option({
    flags: '--all-nodes',
    description: 'as one job of one node (--node), which rebuilds on all, one after the other',
  })
  parseAllNodes(): boolean {
    return true;
  }

  @Option({ flags: '--detach', description: 'print the job and do not wait for it' })
  parseDetach(): boolean {
    return true;
  }
}

async function rebuildOn(
  { gateway, printer }: Session,
  node: string,
  name: string,
  options: RebuildOptions,
): Promise<void> {
  const { source, throttle, activate } = options;
  const request = {
    name,
    ...(source !== undefined && { source }),
    ...(throttle !== undefined && { throttle }),
    ...(activate === false && { activate }),
    ...(options.allNodes === true && { allNodes: true }),
  };
  const { jobId } = await gateway.admin(node, 'projection', 'rebuild', request);
  if (options.detach === true) {
    printer.record({ node, projection: name, jobId });
    return;
  }
  const startedAt = performance.now();
  const facts = await followJob(gateway, node, String(jobId), `rebuild ${name} on ${node}`);
  const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
  if (printer.format !== 'table') printer.value({ node, seconds, ...facts });
  else printer.record({ node, projection: name, ...verdictOf(facts), seconds, jobId });
  if (hasFailed(facts)) process.exitCode = EXIT.serverFault;
}

/** The part of a rebuild's report that tells whether to trust what was built. */
interface RebuildReport {
  readonly activated?: boolean;
  /** Null when the version before was not compared with. */
  readonly equalsLive?: boolean | null;
  readonly verification?: {
    readonly version: number;
    readonly equal: boolean;
    readonly partitions: readonly { readonly rows: number }[];
    readonly differences: readonly unknown[];
  };
}

function verdictOf(facts: JobFacts): Record<string, unknown> {
  const { state, reason } = facts;
  const { activated, equalsLive, verification } = (facts['report'] ?? {}) as RebuildReport;
  return {
    state,
    ...(reason !== null && reason !== undefined && { reason }),
    ...(verification !== undefined && {
      version: verification.version,
      rows: verification.partitions.reduce((sum, { rows }) => sum + rows, 0),
      'state machine': verification.equal ? 'equal' : 'DIFFERS',
      'version before':
        equalsLive === true ? 'equal' : equalsLive === false ? 'DIFFERS' : 'not compared',
      ...(verification.differences.length > 0 && { differences: verification.differences }),
      'in use': activated === true ? 'the new version' : 'still the version before',
    }),
  };
}
