import {
  cataloguedVersions,
  DeadLetters,
  OrderedProcessor,
  type ProjectionDefinition,
  ProjectionVersion,
  type SqlDatabase,
  sqlStateOf,
} from '@metad/projection';
import { PositionCompacted } from '../dispatch/event-source.js';
import { ProjectionJobs } from './jobs/projection-jobs.js';
import type { ProjectionPorts } from './projection-ports.js';
import type { OpenReadModel } from './read-model-connection.js';
import { SideEffects } from './side-effects.js';
import { Supervisor } from './supervisor.js';

/** The read model while its schema is there: the processor, jobs, and what watches over them. */
export class RunningProjections {
  private constructor(
    readonly open: OpenReadModel,
    readonly processor: OrderedProcessor,
    readonly jobs: ProjectionJobs,
    readonly letters: DeadLetters,
    private readonly supervisor: Supervisor,
    /** Resolves when the schema turned out to be gone: all must be opened anew. */
    readonly lost: Promise<string>,
  ) {}

  /** Begins where the tables stand. Rejects when they cannot be read; `open` is then still open. */
  static async begin(
    open: OpenReadModel,
    incarnation: string,
    definitions: readonly ProjectionDefinition[],
    ports: ProjectionPorts,
  ): Promise<RunningProjections> {
    const { database } = open;
    const { source, clock } = ports;
    let lose: (reason: string) => void = () => undefined;
    const lost = new Promise<string>((resolve) => (lose = resolve));
    const supervisor = new Supervisor(ports, incarnation);
    const shared = {
      ...{ source, clock, database, incarnation },
      partitions: () => ports.partitions(),
      onTrouble: (reason: string, error: unknown) => {
        ports.onTrouble(reason, error);
        if (isSchemaGone(error)) lose(reason);
      },
    };
    const effects = ports.eventBus && new SideEffects(ports.eventBus, definitions, ports);
    const processor = new OrderedProcessor(
      {
        ...shared,
        ...((effects ?? ports.onWritten) && {
          onWritten: (entries) => {
            effects?.publish(entries);
            ports.onWritten?.(entries);
          },
          isCollecting: () => ports.onWritten !== undefined || effects?.isHeard === true,
        }),
        inspect: (version, incarnations) => supervisor.inspect(version, incarnations),
        isCompacted: (error) => error instanceof PositionCompacted,
      },
      await liveVersions(database, definitions),
    );
    const { peers } = ports;
    const jobs = new ProjectionJobs({ ...shared, processor, definitions, ...(peers && { peers }) });
    const letters = new DeadLetters({ database, processor, incarnation });
    await jobs.start();
    processor.start();
    supervisor.start(processor, jobs);
    return new RunningProjections(open, processor, jobs, letters, supervisor, lost);
  }

  /** Finishes the batch under way; running jobs go on after the next start. */
  async stop(): Promise<void> {
    await this.supervisor.stop();
    // Together: a job may be waiting for the processor, which may be waiting for the database.
    await Promise.all([this.jobs.stop(), this.processor.stop()]);
  }
}

/** Undefined table, schema or column: somebody dropped or replaced what was migrated. */
const isSchemaGone = (error: unknown): boolean =>
  ['42P01', '3F000', '42703'].includes(sqlStateOf(error) ?? '');

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
