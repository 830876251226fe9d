import { randomBytes } from 'node:crypto';
import { MetadError } from '@metad/contract';
import { bootstrapMap } from '@metad/partition';
import type { Clock, LogTime, NodeName } from '@metad/foundation';
import type { Configuration } from '../../app/configuration.js';
import type { Logger } from '../../app/logger.js';
import { encodeSystem, FEATURE_LEVEL_MAX } from '../../decide/index.js';
import type { SystemCommand, SystemResult } from '../../decide/index.js';
import type { Consensus } from '../consensus.js';
import { droppedError } from '../proposal-outcome.js';
import { SYSTEM_PARTITION, type PartitionMachines } from '../partition-machines.js';

const replicasMax = 5;
const roundMs = 200;

/**
 * What partition 0 must come to know: that the cluster exists (once), and the identity of every
 * node's disk. Both are proposed by whoever leads partition 0, and decided at apply, so that
 * proposing twice does no harm.
 */
export class ClusterBirth {
  private cancel: (() => void) | null = null;
  private isProposing = false;

  constructor(
    private readonly configuration: Configuration,
    private readonly consensus: Consensus,
    private readonly machines: PartitionMachines,
    /** Asks another node's `node.admit`; rejects when it did not take it. */
    private readonly askToAdmit: (
      peer: NodeName,
      node: NodeName,
      identity: string,
    ) => Promise<void>,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  /** Watches over partition 0 until `identity` of this node is registered there. */
  start(identity: string): void {
    const round = (): void => {
      void this.round(identity);
      this.cancel = this.clock.after(roundMs, round);
    };
    this.cancel ??= this.clock.after(0, round);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  /**
   * Registers a node's disk in partition 0; handed on to its leader, at most once. Throws
   * RULE_VIOLATED when the node is known there by another disk.
   */
  async admit(node: NodeName, identity: string): Promise<void> {
    if (this.consensus.serves(SYSTEM_PARTITION)) {
      const result = await this.propose({ type: 'RegisterNode', node, identity });
      if (result.accepted) return;
      throw new MetadError('RULE_VIOLATED', result.message, { rule: result.rule });
    }
    const leader = this.consensus.leaderOf(SYSTEM_PARTITION);
    if (leader === null || leader === this.configuration.node) {
      throw droppedError(SYSTEM_PARTITION, 'noLeader', leader);
    }
    await this.askToAdmit(leader, node, identity);
  }

  private async round(identity: string): Promise<void> {
    const state = this.machines.system.state();
    const { node } = this.configuration;
    if (this.isProposing || state?.identities[node] === identity) return;
    const isLeader = this.consensus.serves(SYSTEM_PARTITION);
    if (state === null && !isLeader) return;
    this.isProposing = true;
    try {
      if (state === null) await this.propose(this.initCluster());
      await this.admit(node, identity);
    } catch (error) {
      this.onRefused(error);
    } finally {
      this.isProposing = false;
    }
  }

  /** A name that is known by another disk stays so: asking again would only fill the log. */
  private onRefused(error: unknown): void {
    if (error instanceof MetadError && error.code === 'RULE_VIOLATED') {
      this.stop();
      const say = 'partition 0 knows this node by another identity: metactl log verify says which';
      this.logger.error({ err: error }, say);
      return;
    }
    this.logger.debug({ err: error }, 'partition 0 did not take it yet; trying again');
  }

  private initCluster(): SystemCommand {
    const { cluster, members, partitions } = this.configuration;
    const replicas = Math.min(members.length, replicasMax);
    this.logger.info({ members, partitions }, 'beginning the history of a new cluster');
    return {
      type: 'InitCluster',
      clusterId: cluster,
      incarnation: randomBytes(6).toString('hex'),
      members,
      featureLevel: FEATURE_LEVEL_MAX,
      map: bootstrapMap({ members, partitions, replicas }).data,
    };
  }

  private propose(command: SystemCommand): Promise<SystemResult> {
    const stamp = { time: this.clock.now() as LogTime, level: FEATURE_LEVEL_MAX };
    return this.consensus.propose<SystemResult>(SYSTEM_PARTITION, encodeSystem(stamp, command));
  }
}
