import { statfs } from 'node:fs/promises';
import type { Clock } from '@metad/foundation';
import type { PartitionStatus } from '@metad/raft';
import type { Configuration } from '../../app/configuration.js';
import type { Lifecycle } from '../../app/lifecycle.js';
import type { NatsHealth } from '../../app/nats/nats-connection.js';
import type { NodeFacts } from '../../app/node-facts.js';
import type { RefusedCommands } from '../../command/refused-commands.js';
import type { OpenedRaft } from '../../consensus/opened-raft.js';
import type { PartitionMachines } from '../../consensus/partition-machines.js';
import type { LiveEventSource } from '../../dispatch/live-event-source.js';
import type { KindRegistry } from '../../kinds/index.js';
import type { ProjectionService } from '../../projection/projection.service.js';
import type {
  JobFigures,
  Membership,
  NodeFigures,
  NodeReport,
  ReplicaRole,
  ReplicaRow,
} from './node-report.js';
import { jobFigures, projectionFigures } from './projection-figures.js';
import { commandsMax, isOfInterest, recentCommands } from './recent-commands.js';

/** A report must fit one message of the broker; the page says when replicas are left out. */
const replicasMax = 8_192;
/** Jobs in one report, newest first. */
const jobsMax = 20;
/** A report is taken again within this time: several nodes ask about at once. */
const reportAgeMsMax = 400;
const slowlyAgeMsMax = 2_000;

/** What a report is made of. */
export interface ReportedParts {
  readonly configuration: Configuration;
  readonly facts: NodeFacts;
  readonly lifecycle: Pick<Lifecycle, 'state'>;
  readonly nats: Pick<NatsHealth, 'connected'>;
  readonly raft: Pick<OpenedRaft, 'node' | 'log'>;
  readonly machines: PartitionMachines;
  readonly events: LiveEventSource;
  readonly refused: RefusedCommands;
  readonly kinds: KindRegistry;
  readonly projections: ProjectionService | null;
  readonly clock: Clock;
}

/** Tells how this node stands. Nothing is gathered while nobody asks. */
export class NodeReporter {
  private last: { readonly report: NodeReport; readonly at: number } | null = null;
  private disk: NodeFigures['disk'] = null;
  private jobs: readonly JobFigures[] = [];
  /** Disk and jobs are read beside the report, which never waits for a disk or a database. */
  private reading = false;
  private readAt = -Infinity;

  constructor(private readonly parts: ReportedParts) {}

  report(): NodeReport {
    const now = this.parts.clock.monotonic();
    if (this.last !== null && now - this.last.at < reportAgeMsMax) return this.last.report;
    this.readSlowly(now);
    const { machines, events, refused, kinds, projections } = this.parts;
    const { memberships, replicas } = this.replicas(machines);
    const report: NodeReport = {
      node: this.parts.configuration.node,
      facts: this.figures(),
      ...{ memberships, replicas },
      projections: (projections?.list() ?? []).map(projectionFigures),
      jobs: this.jobs,
      commands: recentCommands(events.newest(commandsMax, isOfInterest), refused.newest(), kinds),
    };
    this.last = { report, at: now };
    return report;
  }

  private figures(): NodeFigures {
    const { facts, lifecycle, nats, raft, machines } = this.parts;
    const { version, http, pid, startedAt } = facts;
    const stats = raft.node.stats();
    const log = raft.log.stats();
    return {
      ...{ version, http, pid, startedAt },
      phase: lifecycle.state,
      broker: nats.connected,
      leads: stats.leaders,
      replicas: stats.partitions,
      quiet: stats.quietPartitions,
      inFlight: stats.proposalsInFlight,
      applied: stats.applied,
      records: machines.partitions().reduce((sum, id) => sum + machines.user(id).records.size, 0),
      loopDelayMs: round(stats.loopDelayMs),
      loopDelayMsMax: round(stats.loopDelayMsMax),
      syncMs: round(log.syncMsLast),
      writeMs: round(stats.writeMs),
      writeMsMax: round(stats.writeMsMax),
      logBytes: log.bytesOnDisk,
      storageFull: log.storageFull,
      logFault: log.cleaningFault,
      memoryBytes: process.memoryUsage.rss(),
      disk: this.disk,
    };
  }

  private replicas(machines: PartitionMachines): Pick<NodeReport, 'memberships' | 'replicas'> {
    const { node } = this.parts.raft;
    const memberships: Membership[] = [];
    const places = new Map<string, number>();
    const replicas: ReplicaRow[] = [];
    for (const partition of node.partitions().slice(0, replicasMax)) {
      const status = node.status(partition);
      if (status === null) continue;
      const { voters, learners } = status.conf;
      const name = `${voters.join()} ${learners.join()}`;
      let place = places.get(name);
      if (place === undefined) {
        place = memberships.push({ voters, learners }) - 1;
        places.set(name, place);
      }
      const digest = machines.has(partition) ? machines.user(partition).digest() : null;
      replicas.push(rowOf(status, digest, place));
    }
    return { memberships, replicas };
  }

  private readSlowly(now: number): void {
    if (this.reading || now - this.readAt < (this.hasJobAtWork() ? 0 : slowlyAgeMsMax)) return;
    this.reading = true;
    this.readAt = now;
    void Promise.all([this.readDisk(), this.readJobs()]).finally(() => (this.reading = false));
  }

  private hasJobAtWork(): boolean {
    return this.jobs.some(({ state }) => state === 'running');
  }

  private async readDisk(): Promise<void> {
    try {
      const { bsize, blocks, bavail } = await statfs(this.parts.configuration.dataDir);
      this.disk = { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    } catch {
      this.disk = null; // Shown as not known.
    }
  }

  /** While the database is away the figures of before are kept. */
  private async readJobs(): Promise<void> {
    try {
      const jobs = (await this.parts.projections?.jobs.list()) ?? [];
      this.jobs = jobs.slice(0, jobsMax).map(jobFigures);
    } catch {
      return; // The projections' own state says that the database is away.
    }
  }
}

function rowOf(status: PartitionStatus, digest: string | null, membership: number): ReplicaRow {
  const { partition, role, term, leader, commit, applied, state, reason } = status;
  const named: ReplicaRole = role;
  const why = reason?.slice(0, 200) ?? null;
  return [partition, named, term, leader, commit, applied, state, digest, membership, why];
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
