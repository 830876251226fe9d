import { setTimeout as sleep } from 'node:timers/promises';
import { Option, SubCommand } from 'nest-commander';
import { Degraded } from '../../exit-code.js';
import { rowsOf } from '../../session/gateway.js';
import type { Session, SessionOptions } from '../../session/session.js';
import { wholeNumber } from '../../input/whole-number.js';
import { MetactlCommand } from '../metactl-command.js';
import { isAway, surveyOf } from './cluster.commands.js';
import { divergent } from './partition-facts.js';
import type { PartitionFacts } from './partition-facts.js';

/** Checks end with one line, `ok` or what is wrong, and exit code 0 or 7: made for monitoring. */
function verdict({ printer }: Session, what: string, faults: readonly string[]): void {
  if (printer.format !== 'table') printer.value({ check: what, ok: faults.length === 0, faults });
  else printer.text(faults.length === 0 ? `ok: ${what}` : `degraded: ${faults.join('; ')}`);
  if (faults.length > 0) throw new Degraded(`check ${what} failed`);
}

@SubCommand({ name: 'health', description: 'every node is up, every partition led and complete' })
export class CheckHealthCommand extends MetactlCommand<SessionOptions> {
  protected async execute(session: Session): Promise<void> {
    const { nodes, partitions } = await surveyOf(session);
    const away = nodes.filter(isAway);
    const faults = away.map((node) => `${String(node['node'])} is ${String(node['state'])}`);
    for (const { partition, leader, replicas } of partitions) {
      if (leader === null) faults.push(`partition ${partition} has no leader`);
      const broken = replicas.filter(
        (each) => each.state === 'corrupt' || each.state === 'stopped',
      );
      for (const { node, state } of broken) {
        faults.push(`partition ${partition} is ${state ?? ''} on ${node}`);
      }
    }
    verdict(session, 'health', faults);
  }
}

interface LagOptions extends SessionOptions {
  readonly maxEntries?: number;
  readonly maxMs?: number;
}

const lagEntriesDefault = 10_000;
const lagMsDefault = 10_000;

@SubCommand({ name: 'lag', description: 'replicas and projections are close to the leaders' })
export class CheckLagCommand extends MetactlCommand<LagOptions> {
  protected async execute(
    session: Session,
    _args: readonly string[],
    options: LagOptions,
  ): Promise<void> {
    const { maxEntries = lagEntriesDefault, maxMs = lagMsDefault } = options;
    const { nodes, partitions } = await surveyOf(session);
    const faults = partitions
      .filter((each) => each.lagEntries > maxEntries)
      .map((each) => `partition ${each.partition}: a replica is ${each.lagEntries} entries behind`);
    const names = nodes.map((node) => String(node['node']));
    for (const answer of await session.gateway.adminEach(names, 'projection', 'list')) {
      for (const row of rowsOf(answer.reply)) {
        const { name, lagEntries, lagMs } = row;
        if (Number(lagEntries) <= maxEntries && Number(lagMs) <= maxMs) continue;
        const behind = `${String(lagEntries)} entries, ${String(lagMs)} ms behind`;
        faults.push(`${answer.node}: projection ${String(name)} is ${behind}`);
      }
    }
    verdict(session, 'lag', faults);
  }

  @Option({ flags: '--max-entries <n>', description: `default: ${lagEntriesDefault}` })
  parseMaxEntries(text: string): number {
    return wholeNumber('--max-entries', text, 0, Number.MAX_SAFE_INTEGER);
  }

  @Option({ flags: '--max-ms <n>', description: `default: ${lagMsDefault}` })
  parseMaxMs(text: string): number {
    return wholeNumber('--max-ms', text, 0, Number.MAX_SAFE_INTEGER);
  }
}

const comparisonsMax = 20;
const comparisonPauseMs = 250;

@SubCommand({ name: 'digest', description: 'replicas at the same index hold the same state' })
export class CheckDigestCommand extends MetactlCommand<SessionOptions> {
  protected async execute(session: Session): Promise<void> {
    const compared = new Set<number>();
    const faults: string[] = [];
    let all: readonly PartitionFacts[] = [];
    // Under load replicas are rarely caught at the same index: some attempts, each adding to the
    // last.
    for (let attempt = 0; attempt < comparisonsMax; attempt += 1) {
      if (attempt > 0) await sleep(comparisonPauseMs);
      ({ partitions: all } = await surveyOf(session));
      for (const { partition } of divergent(all)) {
        faults.push(`partition ${partition}: replicas at the same index differ`);
      }
      for (const facts of all) if (isComparable(facts)) compared.add(facts.partition);
      if (faults.length > 0 || compared.size === all.length) break;
    }
    const missed = all.length - compared.size;
    if (missed > 0) session.printer.note(`${missed} partitions were never at the same index`);
    verdict(session, 'digest', faults);
  }
}

function isComparable({ replicas }: PartitionFacts): boolean {
  return new Set(replicas.map((replica) => replica.appliedIndex)).size === 1;
}
