import type { Clock, PartitionId } from '@metad/foundation';
import type { Configuration } from './configuration.js';
import type { Logger } from './logger.js';
import type { NatsHealth } from './nats/nats-connection.js';
import type { NatsServerStrategy } from './nats/nats-server.strategy.js';
import type { ConsensusStage } from '../consensus/consensus-stage.js';

/** A part of the node that is started after consensus and stopped before it. */
export interface Stage {
  readonly name: string;
  start(): Promise<void>;
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
  private isServing = false;
  private isStopping = false;
  private exitCode = 0;

  constructor(
    private readonly configuration: Configuration,
    private readonly consensus: ConsensusStage,
    private readonly natsHealth: NatsHealth,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.stopReason = new Promise((resolve) => (this.stopRequested = resolve));
  }

  /** Stages start in the order they were added, after consensus, and stop in the reverse one. */
  add(stage: Stage): void {
    this.stages.push(stage);
  }

  get serving(): boolean {
    return this.isServing && !this.isStopping;
  }

  get stopping(): boolean {
    return this.isStopping;
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
    void this.natsHealth.follow();
    this.follow(strategy);
    strategy.openAdmin();
    const starting = this.start(strategy, http).catch((error: unknown) =>
      this.fail(error instanceof Error ? error : new Error(String(error))),
    );
    const reason = await this.stopReason;
    this.isStopping = true;
    this.logger.info({ reason }, 'stopping');
    await this.stop(strategy, reason === 'fault' || !this.isServing);
    await Promise.race([
      starting,
      new Promise((resolve) => this.clock.after(100, () => resolve(0))),
    ]);
    this.logger.info({ exitCode: this.exitCode }, 'stopped');
    return this.exitCode;
  }

  private async start(strategy: NatsServerStrategy, http: string): Promise<void> {
    const { node, members, partitions } = this.configuration;
    await this.consensus.start();
    for (const stage of this.stages) {
      if (this.isStopping) return;
      await stage.start();
      this.logger.debug({ stage: stage.name }, 'stage started');
    }
    await this.consensus.untilServing();
    if (this.isStopping) return;
    strategy.openShared();
    this.isServing = true;
    this.logger.info({ http, node, members, partitions }, 'ready');
  }

  private async stop(strategy: NatsServerStrategy, atOnce: boolean): Promise<void> {
    strategy.closeShared();
    if (!atOnce) {
      await this.consensus.drain(drainTimeoutMs);
      await this.untilAnswered(strategy);
    }
    for (const stage of [...this.stages].reverse()) {
      try {
        await stage.stop(atOnce ? 0 : stageTimeoutMs);
      } catch (error) {
        this.logger.warn({ stage: stage.name, err: error }, 'a stage did not stop cleanly');
      }
    }
    strategy.close();
    await this.consensus.stop();
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
      if (serving && !this.isStopping) strategy.openLeader(partition);
      else strategy.closeLeader(partition);
    });
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
