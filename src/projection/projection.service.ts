import { MetadError } from '@metad/contract';
import {
  backOffDelay,
  cataloguedVersions,
  describeFailure,
  OrderedProcessor,
  type ProjectionDefinition,
  ProjectionVersion,
  type SqlDatabase,
} from '@metad/projection';
import { PositionCompacted } from '../dispatch/event-source.js';
import { ProjectionJobs } from './projection-jobs.js';
import type { ProjectionPorts, ProjectionSettings } from './projection-ports.js';
import { statusOf, type ProjectionStatus } from './projection-status.js';
import { connectReadModel, type OpenReadModel } from './read-model-connection.js';
import { ServedTables } from './served-tables.js';
import { Supervisor } from './supervisor.js';

interface Running {
  readonly open: OpenReadModel;
  readonly processor: OrderedProcessor;
  readonly jobs: ProjectionJobs;
  readonly supervisor: Supervisor;
}

/**
 * The read model of this node: opens the database however long it is away, moves the tables along
 * the log, and runs jobs on them. Nothing here can hold up consensus or commands.
 */
export class ProjectionService {
  /** What queries read. Usable at once; refuses with RESTORING until the database is reached. */
  readonly tables = new ServedTables();
  private running: Running | null = null;
  private starting: Promise<void> = Promise.resolve();
  private stopped = false;
  private found: readonly ProjectionDefinition[] | null = null;
  private reason = 'starting';

  constructor(
    /** Asked once needed: Nest's discovery is complete only after construction. */
    private readonly find: () => readonly ProjectionDefinition[],
    private readonly ports: ProjectionPorts,
    private readonly settings: ProjectionSettings,
  ) {}

  private get definitions(): readonly ProjectionDefinition[] {
    return (this.found ??= this.find());
  }

  /** Returns at once. */
  start(): void {
    this.starting = this.run().catch((error: unknown) => {
      this.reason = describeFailure(error);
      this.tables.close(this.reason);
      this.ports.onTrouble(this.reason, error);
    });
  }

  /** Finishes the batch under way; running jobs go on after the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.tables.close('the node is stopping');
    await this.starting;
    const { running } = this;
    if (!running) return;
    await running.supervisor.stop();
    // Jobs first: what they do between two batches needs the processor.
    await running.jobs.stop();
    await running.processor.stop();
    await running.open.database.close();
    await running.open.queries.destroy();
  }

  /** The contract's rows of `projection.list`. */
  list(): readonly ProjectionStatus[] {
    const processor = this.running?.processor ?? null;
    const { reason, ports } = this;
    return this.definitions.map(({ name }) => statusOf(name, processor, ports, reason));
  }

  /** Jobs on this node. Throws RESTORING while the database has not been reached. */
  get jobs(): ProjectionJobs {
    if (this.running) return this.running.jobs;
    const message = `the projection database cannot be used now: ${this.reason}`;
    throw new MetadError('RESTORING', message, { retryAfterMs: 1_000 });
  }

  private async run(): Promise<void> {
    const incarnation = await this.knownIncarnation();
    if (incarnation === null) return;
    const open = await connectReadModel(this.settings, this.ports, () => this.stopped);
    if (!open) return;
    const { database } = open;
    const versions = await liveVersions(database, this.definitions);
    const supervisor = new Supervisor(this.ports, incarnation);
    const processor = new OrderedProcessor(
      {
        ...{ source: this.ports.source, clock: this.ports.clock, database, incarnation },
        partitions: () => this.ports.partitions(),
        onTrouble: (reason, error) => this.ports.onTrouble(reason, error),
        inspect: (version, incarnations) => supervisor.inspect(version, incarnations),
        isCompacted: (error) => error instanceof PositionCompacted,
      },
      versions,
    );
    const { definitions } = this;
    const jobs = new ProjectionJobs({
      ...this.jobPorts(),
      database,
      processor,
      incarnation,
      definitions,
    });
    processor.start();
    this.running = { open, processor, jobs, supervisor };
    await jobs.start();
    supervisor.start(processor, jobs);
    this.tables.open({ queries: open.queries, processor });
    this.reason = 'running';
  }

  private jobPorts() {
    const { ports } = this;
    return {
      ...{ source: ports.source, clock: ports.clock },
      partitions: () => ports.partitions(),
      onTrouble: (reason: string, error: unknown) => ports.onTrouble(reason, error),
    };
  }

  private async knownIncarnation(): Promise<string | null> {
    for (let attempt = 0; !this.stopped; attempt += 1) {
      const incarnation = this.ports.incarnation();
      if (incarnation !== null) return incarnation;
      this.reason = 'the cluster has not begun yet';
      await backOffDelay(this.ports.clock, Math.min(attempt, 2));
    }
    return null;
  }
}

async function liveVersions(
  database: SqlDatabase,
  definitions: readonly ProjectionDefinition[],
): Promise<readonly ProjectionVersion[]> {
  const versions = await cataloguedVersions(database);
  return definitions.map((definition) => {
    const live = versions.find((v) => v.projection === definition.name && v.state === 'live');
    if (live) return new ProjectionVersion(definition, live.version);
    throw new Error(`no migration made the tables of projection ${definition.name}`);
  });
}
