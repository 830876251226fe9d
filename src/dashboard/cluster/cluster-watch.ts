import type { Clock } from '@metad/foundation';
import { MetadError } from '@metad/contract';
import type { CommandFact, NodeReport } from '../node/node-report.js';
import { partitionViews } from './partition-views.js';
import { projectionViews } from './projection-views.js';
import type { ClusterSnapshot, NodeView } from './snapshot.js';

/** Commands in one snapshot; refusals are counted by themselves, so that none is crowded out. */
const commandsMax = 150;
const refusalsMax = 100;
/** Figures of a node that has been away for longer are no longer worth showing. */
const rememberedMsMax = 10 * 60_000;

export interface WatchedCluster {
  readonly node: string;
  readonly cluster: string;
  /** Names of all nodes that should be there; this one is among them. */
  readonly members: () => readonly string[];
  readonly incarnation: () => string | null;
  readonly report: () => NodeReport;
  /** Asks another node; rejects with a MetadError when it does not answer in time. */
  readonly ask: (node: string) => Promise<NodeReport>;
  readonly clock: Clock;
}

interface Known {
  state: NodeView['state'];
  since: number;
  report: NodeReport | null;
  heardAt: number;
  appliedRate: number | null;
}

interface Measured {
  readonly value: number;
  readonly at: number;
}

/** Puts the cluster together from what its nodes tell, and remembers since when who is away. */
export class ClusterWatch {
  private readonly known = new Map<string, Known>();
  private readonly measured = new Map<string, Measured>();

  constructor(private readonly cluster: WatchedCluster) {}

  /** Asks every node once and waits for those that answer in time. */
  async look(): Promise<ClusterSnapshot> {
    const { cluster } = this;
    const members = [...cluster.members()].sort();
    const answers = await Promise.all(members.map((node) => this.hear(node)));
    const reports = answers.filter((report) => report !== null);
    const at = cluster.clock.now();
    const partitions = partitionViews(reports);
    const committed = partitions.reduce((sum, { commit }) => sum + commit, 0);
    const jobs = reports.flatMap(({ node, jobs: all }) => all.map((job) => ({ ...job, node })));
    return {
      ...{ at, by: cluster.node, cluster: cluster.cluster, incarnation: cluster.incarnation() },
      nodes: members.map((node) => this.nodeView(node)),
      partitions,
      projections: projectionViews(reports, (node, name, absorbed) =>
        this.rate(`${node} ${name}`, absorbed),
      ),
      jobs: jobs.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1)),
      commands: joinCommands(reports),
      committedRate: this.rate('committed', committed),
    };
  }

  /** Nobody looks any more: rates begin anew, nobody is believed to have been away meanwhile. */
  forget(): void {
    this.known.clear();
    this.measured.clear();
  }

  private async hear(node: string): Promise<NodeReport | null> {
    const { cluster } = this;
    try {
      const report = node === cluster.node ? cluster.report() : await cluster.ask(node);
      const appliedRate = this.rate(`${node} applied`, report.facts.applied);
      this.note(node, 'up', { report, appliedRate, heardAt: cluster.clock.now() });
      return report;
    } catch (error) {
      this.note(node, stateOf(error), { appliedRate: null });
      return null;
    }
  }

  private note(node: string, state: NodeView['state'], news: Partial<Known>): void {
    const now = this.cluster.clock.now();
    const before = this.known.get(node);
    const since = before?.state === state ? before.since : now;
    const report = before?.report ?? null;
    const heardAt = before?.heardAt ?? 0;
    this.known.set(node, { report, heardAt, appliedRate: null, ...news, state, since });
  }

  private nodeView(node: string): NodeView {
    const known = this.known.get(node);
    if (!known) return { node, state: 'unknown', since: 0, figures: null, appliedRate: null };
    const { state, since, report, heardAt, appliedRate } = known;
    const isRecent = this.cluster.clock.now() - heardAt < rememberedMsMax;
    return { node, state, since, figures: isRecent ? (report?.facts ?? null) : null, appliedRate };
  }

  /** Per second since the look before; null at first and after a restart began the count anew. */
  private rate(name: string, value: number): number | null {
    const at = this.cluster.clock.monotonic();
    const before = this.measured.get(name);
    this.measured.set(name, { value, at });
    if (before === undefined || value < before.value || at <= before.at) return null;
    return Math.round(((value - before.value) / (at - before.at)) * 10_000) / 10;
  }
}

const stateOf = (error: unknown): NodeView['state'] =>
  error instanceof MetadError && error.details['nobody'] === true ? 'absent' : 'silent';

/** Every replica tells of an applied command; the telling with the refusal's words is kept. */
function joinCommands(reports: readonly NodeReport[]): CommandFact[] {
  const facts = new Map<string, CommandFact>();
  for (const { commands } of reports) {
    for (const fact of commands) {
      const known = facts.get(fact.key);
      if (known === undefined || known.message === null) facts.set(fact.key, fact);
    }
  }
  const all = [...facts.values()].sort((a, b) => b.at - a.at || compare(a, b));
  const isRefused = ({ outcome }: CommandFact): boolean => outcome === 'refused';
  const refused = new Set(all.filter(isRefused).slice(0, refusalsMax));
  const others = new Set(all.filter((fact) => !isRefused(fact)).slice(0, commandsMax));
  return all.filter((fact) => refused.has(fact) || others.has(fact));
}

const compare = (a: CommandFact, b: CommandFact): number => (a.key < b.key ? 1 : -1);
