import { randomUUID } from 'node:crypto';
import { MetadError } from '@metad/contract';
import {
  backOffDelay,
  cataloguedVersions,
  describeFailure,
  createVersion,
  Pace,
  type ProjectionDefinition,
  ProjectionVersion,
  RebuildRun,
  RunCancelled,
  RunSuspended,
  type OrderedProcessor,
  type SqlDatabase,
  type SqlSession,
  VerificationFailed,
  verifyVersion,
} from '@metad/projection';
import { BuiltVersions } from './built-versions.js';
import { JobRun } from './job-run.js';
import { insertJob, isUnfinished, loadJobs, saveJob, saveProgress } from './job-store.js';
import type { Job, JobKind, JobOptions } from './job-store.js';
import type { ProjectionPorts } from '../projection-ports.js';
import { RollOut } from './roll-out.js';

export interface JobsPorts extends Pick<
  ProjectionPorts,
  'source' | 'clock' | 'partitions' | 'onTrouble' | 'peers'
> {
  readonly database: SqlDatabase;
  readonly processor: OrderedProcessor;
  readonly incarnation: string;
  readonly definitions: readonly ProjectionDefinition[];
}

type JobEnd = Pick<Job, 'state' | 'reason' | 'report'>;

const historyMax = 200;
const measureMs = 1_000;
const fromLog = { source: 'log', throttle: null, compareWithLive: true } as const;

/**
 * Rebuilds, rollbacks and verifications of this node: one at a time per projection, kept in the
 * schema, taken up again after a restart from the version's own checkpoints.
 */
export class ProjectionJobs {
  private readonly runs = new Map<string, JobRun>();
  private readonly rollOuts = new Map<string, RollOut>();
  private readonly working = new Set<Promise<void>>();
  private readonly versions: BuiltVersions;
  private stopTicking: () => void = () => undefined;
  private stopped = false;

  constructor(private readonly ports: JobsPorts) {
    this.versions = new BuiltVersions(ports.database);
  }

  /** Takes up what a restart interrupted. */
  async start(): Promise<void> {
    const versions = await cataloguedVersions(this.ports.database);
    for (const job of await loadJobs(this.ports.database, historyMax)) {
      if (!isUnfinished(job)) continue;
      if (job.kind === 'roll-out') {
        this.rollOut(job);
        continue;
      }
      const made = versions.find(
        (v) => v.projection === job.projection && v.version === job.version,
      );
      // The switch is the last step but one: what was in use by then is done.
      const isOver = job.kind !== 'verify' && made?.state === 'live';
      if (isOver) await saveJob(this.ports.database, { ...job, state: 'done', reason: null });
      else this.begin(job);
    }
    this.tick();
  }

  /** Lets running jobs stop between two batches; they go on after the next start. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.stopTicking();
    for (const { pace } of this.runs.values()) {
      pace.end(new RunSuspended('the node stops; the job goes on when it starts again'));
    }
    for (const rollOut of this.rollOuts.values()) rollOut.suspend();
    await Promise.all(this.working);
  }

  /** The job, with figures of this moment if it is at work. Throws NOT_FOUND. */
  async show(jobId: string): Promise<Job> {
    const run = this.runs.get(jobId);
    run?.measure();
    const atWork = run?.job ?? this.rollOuts.get(jobId)?.job;
    const job = atWork ?? (await this.list()).find((found) => found.jobId === jobId);
    if (!job) throw new MetadError('NOT_FOUND', `no job ${jobId.slice(0, 64)} on this node`);
    return job;
  }

  /** The newest jobs, newest first. */
  async list(): Promise<readonly Job[]> {
    const kept = await loadJobs(this.ports.database, historyMax);
    return kept.map(
      (job) => this.runs.get(job.jobId)?.job ?? this.rollOuts.get(job.jobId)?.job ?? job,
    );
  }

  isBusy(projection: string): boolean {
    return [...this.runs.values()].some((run) => run.job.projection === projection);
  }

  /** Builds a new version beside the one in use. Throws NOT_FOUND, RULE_VIOLATED. */
  async rebuild(projection: string, options: JobOptions): Promise<Job> {
    await this.makeRoom(this.mustBeFree(projection));
    const definition = this.mustBeFree(projection);
    const model = this.live(projection).version;
    const begin = async (session: SqlSession): Promise<Job> => {
      const version = await createVersion(session, definition, model, options.source);
      const made = newJob('rebuild', projection, version, options);
      await insertJob(session, made);
      return made;
    };
    const job = await this.ports.database.transaction(begin, { durable: true });
    this.begin(job);
    return job;
  }

  /** Rebuilds on every node, one after the other. Throws NOT_FOUND, RULE_VIOLATED. */
  async rebuildAll(projection: string, options: JobOptions): Promise<Job> {
    this.definition(projection);
    const { peers } = this.ports;
    const isRolling = [...this.rollOuts.values()].some(({ job }) => job.projection === projection);
    if (!peers || isRolling) {
      const why = peers ? `is rolled out already` : `cannot be rolled out: there are no peers`;
      throw new MetadError('RULE_VIOLATED', `${projection} ${why}`, {
        rule: 'one-job-per-projection',
      });
    }
    const nodes = peers.names().map((node) => ({ node, jobId: null, state: 'waiting' }));
    const job: Job = { ...newJob('roll-out', projection, null, options), report: { nodes } };
    await insertJob(this.ports.database, job);
    await saveJob(this.ports.database, job);
    this.rollOut(job);
    return job;
  }

  /** Puts a rebuild that is ready in use. Throws NOT_FOUND when none is. */
  async activate(projection: string): Promise<Job> {
    this.mustBeFree(projection);
    const ready = (await this.list()).find(
      (job) => job.projection === projection && job.state === 'ready',
    );
    if (!ready) throw new MetadError('NOT_FOUND', `no version of ${projection} is ready`);
    const job: Job = { ...ready, state: 'running', options: { ...ready.options, activate: true } };
    await saveJob(this.ports.database, job);
    this.begin(job);
    return job;
  }

  /** Catches the previous version up and puts it back in use. Throws NOT_FOUND, RULE_VIOLATED. */
  async rollback(projection: string): Promise<Job> {
    this.mustBeFree(projection);
    const versions = await cataloguedVersions(this.ports.database);
    const previous = versions.findLast(
      (found) => found.projection === projection && found.state === 'previous',
    );
    if (!previous)
      throw new MetadError('NOT_FOUND', `no previous version of ${projection} is kept`);
    const options = { ...fromLog, activate: true };
    const job = newJob('rollback', projection, previous.version, options);
    await insertJob(this.ports.database, job);
    this.begin(job);
    return job;
  }

  /** Compares rows, kept digest and state machine of the version in use. */
  async verify(projection: string): Promise<Job> {
    this.mustBeFree(projection);
    const options = { ...fromLog, activate: false };
    const job = newJob('verify', projection, this.live(projection).version, options);
    await insertJob(this.ports.database, job);
    this.begin(job);
    return job;
  }

  async pause(jobId: string): Promise<Job> {
    const rollOut = this.rollOuts.get(jobId);
    if (rollOut) return rollOut.tell('pause').then(() => rollOut.job);
    const run = this.mustRun(jobId);
    run.pace.pause();
    run.job.state = 'paused';
    run.job.reason = 'paused';
    await saveJob(this.ports.database, run.job);
    return run.job;
  }

  async resume(jobId: string): Promise<Job> {
    const rollOut = this.rollOuts.get(jobId);
    if (rollOut) return rollOut.tell('resume').then(() => rollOut.job);
    const run = this.mustRun(jobId);
    run.job.state = 'running';
    run.job.reason = null;
    run.pace.resume();
    await saveJob(this.ports.database, run.job);
    return run.job;
  }

  /**
   * Ends a job and drops what it built; of one that failed, what it left behind. Resolves when that
   * is done.
   */
  async cancel(jobId: string): Promise<Job> {
    const rollOut = this.rollOuts.get(jobId);
    if (rollOut) return rollOut.cancel().then(() => rollOut.job);
    const run = this.runs.get(jobId);
    if (run) {
      run.pace.end(new RunCancelled('cancelled'));
      while (this.runs.has(jobId)) await Promise.race(this.working);
      return run.job;
    }
    const job = await this.show(jobId);
    if (job.state === 'failed' && job.kind === 'rebuild') {
      await this.versions.dropFailed(this.definition(job.projection), job);
    }
    if (job.state !== 'ready') return job;
    await this.drop(job);
    const cancelled: Job = { ...job, state: 'cancelled' };
    await saveJob(this.ports.database, cancelled);
    return cancelled;
  }

  private begin(job: Job): void {
    const pace = new Pace(this.ports.clock, job.options.throttle);
    const run = new JobRun(job, pace, this.rebuildRun(job, pace), this.ports.clock);
    this.runs.set(job.jobId, run);
    const working = this.work(run).finally(() => {
      this.runs.delete(job.jobId);
      this.working.delete(working);
    });
    this.working.add(working);
  }

  private rollOut(job: Job): void {
    const { peers } = this.ports;
    if (!peers) return;
    const rollOut = new RollOut(job, { ...this.ports, peers });
    this.rollOuts.set(job.jobId, rollOut);
    const working = rollOut.ended.finally(() => {
      this.rollOuts.delete(job.jobId);
      this.working.delete(working);
    });
    this.working.add(working);
  }

  private rebuildRun(job: Job, pace: Pace): RebuildRun | null {
    if (job.kind === 'verify' || job.version === null) return null;
    const version = new ProjectionVersion(this.definition(job.projection), job.version);
    const { source, compareWithLive } = job.options;
    return new RebuildRun(this.ports, version, pace, { source, compareWithLive });
  }

  /** Until its end is saved a job is shown as at work: then it is over, and its projection free. */
  private async work(run: JobRun): Promise<void> {
    const { job } = run;
    const ended = await this.perform(run);
    if (ended === null) return;
    run.measure();
    for (let attempt = 0; !this.stopped; attempt += 1) {
      try {
        await saveJob(this.ports.database, { ...job, ...ended });
        break;
      } catch (error) {
        if (attempt === 0) this.ports.onTrouble(`job ${job.jobId} waits to be saved`, error);
        await backOffDelay(this.ports.clock, attempt);
      }
    }
    Object.assign(job, ended);
  }

  /** Null when the job did not end: it goes on after the next start. */
  private async perform(run: JobRun): Promise<JobEnd | null> {
    const { job } = run;
    try {
      return run.run ? await this.build(job, run.run) : await this.check(job);
    } catch (error) {
      if (error instanceof RunSuspended || this.stopped) return null;
      if (error instanceof RunCancelled) {
        await this.drop(job);
        return { state: 'cancelled', reason: null, report: null };
      }
      const reason = describeFailure(error);
      this.ports.onTrouble(`${job.kind} of ${job.projection} failed: ${reason}`, error);
      const report = error instanceof VerificationFailed ? { verification: error.report } : null;
      return { state: 'failed', reason, report };
    }
  }

  private async build(job: Job, run: RebuildRun): Promise<JobEnd> {
    await run.build();
    const verification = await run.verify();
    if (!job.options.activate) {
      return { state: 'ready', reason: null, report: { verification, activated: false } };
    }
    const replaced = this.live(job.projection).version;
    const equalsLive = await run.activate();
    await this.dropOlder(job, replaced);
    const report = { verification, equalsLive, activated: true, replaced };
    return { state: 'done', reason: null, report };
  }

  private async check(job: Job): Promise<JobEnd> {
    const verification = await verifyVersion(this.ports, this.live(job.projection));
    const reason = verification.equal ? null : 'rows differ: see the report';
    return { state: 'done', reason, report: { verification } };
  }

  /** Keeps one previous version for a rollback, none that was not to be trusted. */
  private dropOlder({ projection, options }: Job, replaced: number): Promise<void> {
    const kept = options.compareWithLive ? replaced : null;
    return this.versions.dropPrevious(this.definition(projection), kept);
  }

  private async drop({ kind, projection, version }: Job): Promise<void> {
    if (version === null || kind !== 'rebuild') return;
    await this.versions.drop(this.definition(projection), version);
  }

  /** A rebuild does not wait for somebody who reads what an earlier one left behind. */
  private async makeRoom(definition: ProjectionDefinition): Promise<void> {
    try {
      await this.versions.dropAbandoned(definition);
    } catch (error) {
      this.ports.onTrouble(`an abandoned version of ${definition.name} was not dropped`, error);
    }
  }

  private tick(): void {
    if (this.stopped) return;
    this.stopTicking = this.ports.clock.after(measureMs, () => {
      void this.saveAll().finally(() => this.tick());
    });
  }

  /** Progress survives a crash; while the database is away the figures wait in memory. */
  private async saveAll(): Promise<void> {
    for (const run of this.runs.values()) {
      run.measure();
      await saveProgress(this.ports.database, run.job).catch(() => undefined);
    }
  }

  private mustBeFree(projection: string): ProjectionDefinition {
    const definition = this.definition(projection);
    if (!this.isBusy(projection)) return definition;
    const details = { rule: 'one-job-per-projection' };
    throw new MetadError('RULE_VIOLATED', `a job of ${projection} is at work already`, details);
  }

  private mustRun(jobId: string): JobRun {
    const run = this.runs.get(jobId);
    if (run) return run;
    throw new MetadError('NOT_FOUND', `job ${jobId.slice(0, 64)} is not at work on this node`);
  }

  private definition(projection: string): ProjectionDefinition {
    const { definitions } = this.ports;
    const found = definitions.find(({ name }) => name === projection);
    if (found) return found;
    const known = definitions.map(({ name }) => name);
    throw new MetadError('NOT_FOUND', `no projection ${projection.slice(0, 64)}`, { known });
  }

  private live(projection: string): ProjectionVersion {
    const found = this.ports.processor.versions.find(({ name }) => name === projection);
    if (!found) throw new MetadError('NOT_FOUND', `no projection ${projection.slice(0, 64)}`);
    return found;
  }
}

function newJob(
  kind: JobKind,
  projection: string,
  version: number | null,
  options: JobOptions,
): Job {
  return {
    ...{ jobId: randomUUID(), kind, projection, version, options, state: 'running' },
    ...{ done: 0, total: 0, rate: 0, remainingMs: null, reason: null, report: null },
    ...{ createdAt: new Date().toISOString(), finishedAt: null },
  };
}
