import { MetadError } from '@metad/contract';
import type { Clock, PartitionId } from '@metad/foundation';
import type { Configuration } from './configuration.js';
import type { Logger } from './logger.js';
import type { NatsHealth } from './nats/nats-connection.js';
import type { NatsServerStrategy } from './nats/nats-server.strategy.js';
import type { ConsensusStage } from '../consensus/consensus-stage.js';
import type { NodeFacts, NodeState } from './node-facts.js';

/** A part of the node that is started after consensus and stopped before it. */
export interface Stage {
  readonly name: string;
  start(): Promise<void>;
  /** Brings what it holds back up to now, within `timeoutMs`; work goes on meanwhile. */
  flush?(timeoutMs: number): Promise<void>;
  /** Finishes what it has begun, within `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

const drainTimeoutMs = 10_000;
const stageTimeoutMs = 5_000;
const pendingPollMs = 20;

/**
 * Start: recover → join → serve. Drain: stop taking new work, give leadership away, finish what is
 * in flight, flush projections, leave. A second signal stops at once.
 */
export class Lifecycle {
  private readonly stages: Stage[] = [];
  private stopRequested!: (reason: string) => void;
  private readonly stopReason: Promise<string>;
  private strategy: NatsServerStrategy | null = null;
  private draining: Promise<void> | null = null;
  private exitCode = 0;

  constructor(
    private readonly configuration: Configuration,
    private readonly consensus: ConsensusStage,
    private readonly natsHealth: NatsHealth,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly facts: NodeFacts,
  ) {
    this.stopReason = new Promise((resolve) => (this.stopRequested = resolve));
  }

  /** Stages start in the order they were added, after consensus, and stop in the reverse one. */
  add(stage: Stage): void {
    this.stages.push(stage);
  }

  get state(): NodeState {
    return this.facts.state;
  }

  /**
   * Gives leadership away and leaves the subjects that any node answers, so that the node can be
   * stopped without anybody noticing. Lasts until `undrain` or the next start. Throws RULE_VIOLATED
   * when nobody could take over, or when the node does not serve.
   */
  async drain(): Promise<void> {
    const { strategy } = this;
    if (this.state === 'drained') return;
    if (strategy === null || this.state === 'starting' || this.state === 'stopping') {
      throw ruleViolated('node-serving', `a node that is ${this.state} cannot be drained`);
    }
    this.draining ??= this.retire(strategy).finally(() => (this.draining = null));
    await this.draining;
    if (this.state !== 'draining') return;
    if (this.consensus.leads() === 0) {
      this.facts.state = 'drained';
      return;
    }
    this.undrain();
    const message = 'no other node can take over what this one leads: it goes on serving';
    throw ruleViolated('drain-needs-successor', message);
  }

  /** Lets a drained node lead and answer again. Without effect on any other. */
  undrain(): void {
    if (this.state !== 'draining' && this.state !== 'drained') return;
    this.consensus.undrain();
    this.strategy?.openShared();
    this.facts.state = 'serving';
    this.logger.info('undrained');
  }

  /** Stops the node for a reason it cannot go on with. */
  fail(error: Error): void {
    this.logger.fatal({ err: error }, 'this node can no longer keep its promises and stops');
    this.exitCode = 1;
    this.stopRequested('fault');
  }

  /** Starts, serves, and resolves with the exit code once everything has stopped. */
  async untilStopped(strategy: NatsServerStrategy, http: string): Promise<number> {
    this.listenToSignals();
    this.strategy = strategy;
    void this.natsHealth.follow();
    this.follow(strategy);
    strategy.openAdmin();
    const starting = this.start(strategy, http).catch((error: unknown) =>
      this.fail(error instanceof Error ? error : new Error(String(error))),
    );
    const reason = await this.stopReason;
    const atOnce = reason === 'fault' || this.state === 'starting';
    this.facts.state = 'stopping';
    this.logger.info({ reason }, 'stopping');
    await this.stop(strategy, atOnce);
    await Promise.race([
      starting,
      new Promise((resolve) => this.clock.after(100, () => resolve(0))),
    ]);
    this.logger.info({ exitCode: this.exitCode }, 'stopped');
    return this.exitCode;
  }

  private async start(strategy: NatsServerStrategy, http: string): Promise<void> {
    const { members, partitions } = this.configuration;
    await this.consensus.start();
    for (const stage of this.stages) {
      if (this.isStopping) return;
      await stage.start();
      this.logger.debug({ stage: stage.name }, 'stage started');
    }
    await this.consensus.untilServing();
    if (this.isStopping) return;
    strategy.openShared();
    this.facts.state = 'serving';
    // At whatever level: whoever starts a node waits for this line.
    this.logger.child({}, { level: 'info' }).info({ http, members, partitions }, 'ready');
  }

  private async stop(strategy: NatsServerStrategy, atOnce: boolean): Promise<void> {
    if (!atOnce) {
      await (this.draining ??= this.retire(strategy));
      await this.eachStage((stage) => stage.flush?.(stageTimeoutMs));
    }
    await this.eachStage((stage) => stage.stop(atOnce ? 0 : stageTimeoutMs));
    await strategy.close();
    await this.consensus.stop();
  }

  /** Nobody new asks, others lead, and what was asked before is answered. */
  private async retire(strategy: NatsServerStrategy): Promise<void> {
    if (this.state !== 'stopping') this.facts.state = 'draining';
    const startedAt = this.clock.monotonic();
    await strategy.closeShared();
    await this.consensus.drain(drainTimeoutMs);
    await this.untilAnswered(strategy);
    const ms = Math.round(this.clock.monotonic() - startedAt);
    this.logger.info({ ms, leads: this.consensus.leads() }, 'drained');
  }

  /** In the reverse of their order. One that fails must not keep the others from their turn. */
  private async eachStage(act: (stage: Stage) => Promise<void> | undefined): Promise<void> {
    for (const stage of [...this.stages].reverse()) {
      try {
        await act(stage);
      } catch (error) {
        this.logger.warn({ stage: stage.name, err: error }, 'a stage did not stop cleanly');
      }
    }
  }

  private async untilAnswered(strategy: NatsServerStrategy): Promise<void> {
    const giveUpAt = this.clock.monotonic() + drainTimeoutMs;
    while (strategy.pending() > 0 && this.clock.monotonic() < giveUpAt) {
      await new Promise<void>((resolve) => this.clock.after(pendingPollMs, resolve));
    }
  }

  /** A leader answers on its partition's own subjects exactly while it serves. */
  private follow(strategy: NatsServerStrategy): void {
    this.consensus.onServing((partition: PartitionId, serving: boolean) => {
      if (serving) strategy.openLeader(partition);
      else strategy.closeLeader(partition);
    });
  }

  private get isStopping(): boolean {
    return this.state === 'stopping';
  }

  private listenToSignals(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.isStopping) process.exit(130);
        this.stopRequested(signal);
      });
    }
  }
}

const ruleViolated = (rule: string, message: string): MetadError =>
  new MetadError('RULE_VIOLATED', message, { rule });
