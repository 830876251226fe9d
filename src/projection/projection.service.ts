import { MetadError } from '@metad/contract';
import {
  backOffDelay,
  type DeadLetters,
  describeFailure,
  type ProjectionDefinition,
  type ProjectionVersion,
} from '@metad/projection';
import type { ProjectionJobs } from './jobs/projection-jobs.js';
import type { ProjectionPorts, ProjectionSettings } from './projection-ports.js';
import { statusOf, type ProjectionStatus } from './projection-status.js';
import { connectReadModel, type OpenReadModel } from './read-model-connection.js';
import { RunningProjections } from './running-projections.js';
import { ServedTables } from './served-tables.js';

/**
 * The read model of this node: opens the database however long it is away, moves the tables along
 * the log, and runs jobs on them. Nothing here can hold up consensus or commands. A schema that is
 * dropped meanwhile is made and filled anew.
 */
export class ProjectionService {
  /** What queries read. Usable at once; refuses with RESTORING until the database is reached. */
  readonly tables = new ServedTables();
  private running: RunningProjections | null = null;
  private ended: Promise<void> = Promise.resolve();
  private stopRequested: () => void = () => undefined;
  private readonly stopping = new Promise<void>((resolve) => (this.stopRequested = resolve));
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
    this.ended = this.run().catch((error: unknown) => this.despair(error));
  }

  /** Finishes the batch under way; running jobs go on after the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopRequested();
    await this.ended;
  }

  /**
   * Waits until the tables hold what this node had applied at the call, or for `timeoutMs`. At once
   * for projections that do not move, and while the database is away.
   */
  async flush(timeoutMs: number): Promise<void> {
    const processor = this.running?.processor;
    if (processor?.state !== 'running') return;
    const { source } = this.ports;
    const heads = this.ports
      .partitions()
      .map((partition) => ({ partition, head: source.head(partition) }));
    const moving = processor.versions.filter((version) => version.fault === null);
    const waits = moving.flatMap(({ name }) =>
      heads.map(
        ({ partition, head }) =>
          processor.watermark(name)?.wait(partition, head, timeoutMs) ?? Promise.resolve(false),
      ),
    );
    await Promise.all(waits);
  }

  /** The contract's rows of `projection.list`. */
  list(): readonly ProjectionStatus[] {
    const processor = this.running?.processor ?? null;
    const { reason, ports } = this;
    return this.definitions.map(({ name }) => statusOf(name, processor, ports, reason));
  }

  /** Jobs on this node. Throws RESTORING while the database has not been reached. */
  get jobs(): ProjectionJobs {
    return this.mustRun().jobs;
  }

  /** Changes that wait for an operator. Throws RESTORING likewise. */
  get letters(): DeadLetters {
    return this.mustRun().letters;
  }

  /**
   * Stops a projection from absorbing, until `resume` or the next start; the log waits within its
   * budget. Throws NOT_FOUND, RULE_VIOLATED when something else holds it back already.
   */
  async pause(name: string): Promise<void> {
    const version = this.live(name);
    await this.mustRun().processor.exclusive(async () => {
      if (version.fault && version.fault.kind !== 'paused') {
        const message = `projection ${name} does not absorb now: ${version.fault.reason}`;
        throw new MetadError('RULE_VIOLATED', message, { rule: 'projection-live' });
      }
      version.fault = { kind: 'paused', reason: 'paused by an operator' };
    });
  }

  /**
   * Lets a projection go on that was paused, or that a handler's failure halted. False if it was
   * neither. Throws NOT_FOUND.
   */
  async resume(name: string): Promise<boolean> {
    const version = this.live(name);
    return this.mustRun().processor.exclusive(async () => {
      const kind = version.fault?.kind;
      if (kind !== 'paused' && kind !== 'handler') return false;
      version.fault = null;
      return true;
    });
  }

  private live(name: string): ProjectionVersion {
    const { versions } = this.mustRun().processor;
    const found = versions.find((version) => version.name === name);
    if (found) return found;
    const known = versions.map((version) => version.name);
    throw new MetadError('NOT_FOUND', `no projection ${name.slice(0, 64)}`, { known });
  }

  private mustRun(): RunningProjections {
    if (this.running) return this.running;
    const message = `the projection database cannot be used now: ${this.reason}`;
    throw new MetadError('RESTORING', message, { retryAfterMs: 1_000 });
  }

  private async run(): Promise<void> {
    const incarnation = await this.knownIncarnation();
    for (let attempt = 0; incarnation !== null && !this.stopped; attempt += 1) {
      const open = await connectReadModel(this.settings, this.ports, () => this.stopped);
      if (!open) return;
      try {
        await this.serve(open, incarnation);
      } catch (error) {
        this.despair(error);
        await backOffDelay(this.ports.clock, attempt);
      } finally {
        await open.database.close();
        await open.queries.destroy();
      }
    }
  }

  /** Until the node stops or the schema is gone. */
  private async serve(open: OpenReadModel, incarnation: string): Promise<void> {
    const { definitions, ports } = this;
    const running = await RunningProjections.begin(open, incarnation, definitions, ports);
    this.running = running;
    this.reason = 'running';
    this.tables.open({ queries: open.queries, processor: running.processor });
    const lost = await Promise.race([running.lost, this.stopping]);
    this.reason = lost ?? 'the node is stopping';
    this.tables.close(this.reason);
    await running.stop();
    this.running = null;
  }

  private despair(error: unknown): void {
    this.reason = describeFailure(error);
    this.tables.close(this.reason);
    this.ports.onTrouble(this.reason, error);
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
