import { MetadError } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import { backOffDelay, describeFailure, type SqlDatabase } from '@metad/projection';
import type { PeerNodes } from '../projection-ports.js';
import { isUnfinished, saveJob, type Job } from './job-store.js';

export interface RollOutPorts {
  readonly database: SqlDatabase;
  readonly clock: Clock;
  readonly peers: PeerNodes;
  onTrouble(reason: string, error: unknown): void;
}

/** How far one node is; kept in the job's report, so that a restart goes on where it was. */
export interface NodeStep {
  readonly node: string;
  jobId: string | null;
  state: string;
}

/** What another node says of its part. */
type NodeJob = Pick<Job, 'jobId' | 'kind' | 'projection' | 'state' | 'done' | 'total' | 'rate'> & {
  readonly reason?: string;
  readonly createdAt: string;
};

const askMs = 500;

/**
 * One rebuild on every node, one node after the other: the others go on serving from tables that
 * nobody touches. Stops at the first node whose rebuild fails. A node that does not answer is
 * waited for, and named as the reason; whoever does not want to wait cancels.
 */
export class RollOut {
  private isSuspended = false;
  private isCancelled = false;
  readonly ended: Promise<void>;

  constructor(
    readonly job: Job,
    private readonly ports: RollOutPorts,
  ) {
    this.ended = this.run();
  }

  /** The node goes on after its next start. */
  suspend(): void {
    this.isSuspended = true;
  }

  /** Cancels the part that is at work; what other nodes finished stays. */
  async cancel(): Promise<void> {
    this.isCancelled = true;
    await this.tell('cancel');
    await this.ended;
  }

  /** Pauses or resumes the part that is at work. Throws what its node answers. */
  async tell(verb: 'pause' | 'resume' | 'cancel'): Promise<void> {
    const step = this.steps.find(({ jobId, state }) => jobId !== null && isAtWork(state));
    if (step) await this.ports.peers.ask(step.node, 'job', verb, { jobId: step.jobId });
  }

  private get steps(): NodeStep[] {
    return (this.job.report as { readonly nodes: NodeStep[] }).nodes;
  }

  private async run(): Promise<void> {
    const { job } = this;
    for (const step of this.steps) {
      while (isAtWork(step.state) && !this.isSuspended && !this.isCancelled) {
        await this.advance(step);
      }
      if (this.isSuspended) return;
      if (this.isCancelled || (step.state !== 'done' && step.state !== 'ready')) break;
    }
    const failed = this.steps.find(({ state }) => state !== 'done' && state !== 'ready');
    job.state = this.isCancelled ? 'cancelled' : failed ? 'failed' : 'done';
    if (job.state === 'cancelled') job.reason = null;
    await this.save();
  }

  /** One look at one node, after a while. */
  private async advance(step: NodeStep): Promise<void> {
    try {
      if (step.jobId === null) step.jobId = await this.begin(step.node);
      const part = await this.show(step);
      step.state = part.state;
      this.measure(part);
      await saveJob(this.ports.database, this.job);
    } catch (error) {
      this.job.reason = `${step.node}: ${describeFailure(error)}`;
      if (isRefusal(error)) step.state = 'failed';
    }
    if (isAtWork(step.state)) await this.wait();
  }

  /** The rebuild that is at work there already (an answer may have been lost), or a new one. */
  private async begin(node: string): Promise<string> {
    const { projection, options, createdAt } = this.job;
    const { source, throttle, activate } = options;
    const { items } = await this.ports.peers.ask<{ items: NodeJob[] }>(node, 'job', 'list', {});
    const known = items.find(
      (one) =>
        one.kind === 'rebuild' &&
        one.projection === projection &&
        isAtWork(one.state) &&
        one.createdAt >= createdAt,
    );
    if (known) return known.jobId;
    const body = { name: projection, source, throttle, activate };
    return (await this.ports.peers.ask<NodeJob>(node, 'projection', 'rebuild', body)).jobId;
  }

  private show({ node, jobId }: NodeStep): Promise<NodeJob> {
    return this.ports.peers.ask<NodeJob>(node, 'job', 'show', { jobId });
  }

  private measure(part: NodeJob): void {
    const { job, steps } = this;
    const before = steps.filter(({ state }) => !isAtWork(state)).length;
    const isOver = !isAtWork(part.state);
    job.total = part.total * steps.length;
    job.done = part.total * (isOver ? before - 1 : before) + part.done;
    job.rate = part.rate;
    job.remainingMs = part.rate > 0.01 ? ((job.total - job.done) / part.rate) * 1_000 : null;
    job.state = part.state === 'paused' ? 'paused' : 'running';
    job.reason = part.reason === undefined ? null : `${this.nodeAtWork()}: ${part.reason}`;
  }

  private nodeAtWork(): string {
    const over = (state: string): boolean => state === 'done' || state === 'ready';
    return this.steps.find(({ state }) => !over(state))?.node ?? '';
  }

  private async save(): Promise<void> {
    for (let attempt = 0; !this.isSuspended; attempt += 1) {
      try {
        await saveJob(this.ports.database, this.job);
        return;
      } catch (error) {
        if (attempt === 0) this.ports.onTrouble(`job ${this.job.jobId} waits to be saved`, error);
        await backOffDelay(this.ports.clock, attempt);
      }
    }
  }

  private wait(): Promise<void> {
    return new Promise((resolve) => {
      this.ports.clock.after(askMs, resolve);
    });
  }
}

const isAtWork = (state: string): boolean => isUnfinished({ state } as Job) || state === 'waiting';

/** The node answered, and asking again gives the same answer. */
const isRefusal = (error: unknown): boolean =>
  error instanceof MetadError && ['INVALID_ARGUMENT', 'NOT_FOUND'].includes(error.code);
