import { MetadError } from '@metad/contract';
import type { Clock, NodeName, PartitionId } from '@metad/foundation';
import { bootstrapSystemReplicas } from '@metad/partition';
import type { ConfState } from '@metad/raft';
import type { Configuration } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import { decideBootstrap, type Hello } from './joining/bootstrap.js';
import type { ClusterBirth } from './joining/cluster-birth.js';
import type { Consensus } from './consensus.js';
import type { LeaseExpiry } from './lease-expiry.js';
import type { OpenedRaft } from './opened-raft.js';
import type { PartitionDirectory } from './partition-directory.js';
import { SYSTEM_PARTITION, type PartitionMachines } from './partition-machines.js';
import type { PeerAdmin } from './joining/peer-admin.js';

const pollMs = 50;
const helloTimeoutMs = 1_000;
const catchUpTimeoutMs = 1_000;

/** The parts of the stage, made by its module. */
export interface ConsensusParts {
  readonly raft: OpenedRaft;
  readonly consensus: Consensus;
  readonly directory: PartitionDirectory;
  readonly machines: PartitionMachines;
  readonly birth: ClusterBirth;
  readonly leases: LeaseExpiry;
  readonly peers: PeerAdmin;
}

/** Brings this node into its cluster and keeps its replicas open as partition 0 says. */
export class ConsensusStage {
  private opening: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly configuration: Configuration,
    private readonly parts: ConsensusParts,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  get directory(): PartitionDirectory {
    return this.parts.directory;
  }

  /** What this node answers to a peer that wants to know whether the cluster exists. */
  hello(): Hello {
    const { node, cluster, members, partitions } = this.configuration;
    const state = this.parts.machines.system.state();
    return {
      ...{ node, cluster, members, partitions },
      identity: this.parts.raft.identity,
      incarnation: state?.incarnation ?? null,
      registered: state?.identities ?? {},
    };
  }

  onServing(listener: (partition: PartitionId, serving: boolean) => void): void {
    this.parts.raft.node.onLeaderChange(({ partition, serving }) => {
      if (partition !== SYSTEM_PARTITION) listener(partition, serving);
    });
  }

  async start(): Promise<void> {
    const { raft, directory, birth, leases } = this.parts;
    raft.node.onLeaderChange(({ partition, term, leader, serving }) =>
      this.logger.debug({ partition, term, leader, serving }, 'leadership changed'),
    );
    if (raft.log.recovered().length === 0) await this.begin();
    await raft.node.start();
    directory.onChange(() => {
      this.opening = this.opening.then(() => this.openPartitions());
    });
    await raft.node.openPartition(SYSTEM_PARTITION, this.systemConfiguration());
    birth.start(raft.identity);
    leases.start();
  }

  /**
   * Resolves once the map is known and every replica of this node is open, has a leader, and has
   * applied what was acknowledged before: whoever restarts nodes one by one waits for this, else
   * the next one that stops would leave commands waiting for this one to catch up.
   */
  async untilServing(): Promise<void> {
    const { directory, raft } = this.parts;
    while (!this.isStopped) {
      await this.opening;
      if (directory.known) {
        const partitions = directory.map().partitions();
        if (partitions.every((partition) => raft.node.leaderOf(partition) !== null)) {
          await Promise.all(partitions.map((partition) => this.caughtUp(partition)));
          return;
        }
      }
      await this.pause(pollMs);
    }
  }

  /** A replica that cannot be read is for readiness to report, not to be waited for. */
  private async caughtUp(partition: PartitionId): Promise<void> {
    const { raft, consensus } = this.parts;
    while (!this.isStopped) {
      const state = raft.node.status(partition)?.state;
      if (state !== 'running' && state !== 'quiet' && state !== 'installing') return;
      try {
        await consensus.linearize(partition, catchUpTimeoutMs);
        return;
      } catch (error) {
        if (!(error instanceof MetadError)) throw error;
        await this.pause(pollMs);
      }
    }
  }

  /** Gives all leadership away, as far as others can take it; see `undrain`. */
  drain(timeoutMs: number): Promise<void> {
    return this.parts.raft.node.drain(timeoutMs);
  }

  undrain(): void {
    this.parts.raft.node.undrain();
  }

  /** Partitions that this node leads. */
  leads(): number {
    return this.parts.raft.node.stats().leaders;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.parts.birth.stop();
    this.parts.leases.stop();
    await this.parts.raft.close();
  }

  /** An empty disk: see whether this name may vote. Throws when it may not. */
  private async begin(): Promise<void> {
    const self = this.hello();
    const verdict = await decideBootstrap(
      self,
      (peer) => this.ask(peer),
      this.clock,
      (answered, needed) =>
        this.logger.info({ answered, needed }, 'waiting for a majority of the initial members'),
    );
    switch (verdict.kind) {
      case 'begin':
        return;
      case 'join':
        return this.join(verdict.peer, self.identity);
      case 'forgotten':
        throw new Error(
          `the data directory is empty, but ${verdict.peer} knows a history (incarnation ` +
            `${verdict.incarnation}) in which ${self.node} has voted; voting again from an empty ` +
            'disk could lose acknowledged commands. Mount the disk that it had, or put the whole ' +
            'directory back as it was when the node stopped for the last time. Until then leave ' +
            'it stopped: the others serve on as long as they are a majority. Replacing a node is ' +
            'not offered yet.',
        );
      case 'disagree':
        throw new Error(`${verdict.peer} is configured for another cluster: ${verdict.about}`);
    }
  }

  private async ask(peer: NodeName): Promise<Hello | null> {
    try {
      const { node } = this.configuration;
      return await this.parts.peers.ask<Hello>(peer, 'node', 'hello', { node }, helloTimeoutMs);
    } catch (error) {
      if (error instanceof MetadError) return null;
      throw error;
    }
  }

  private async join(peer: NodeName, identity: string): Promise<void> {
    const { node } = this.configuration;
    while (!this.isStopped) {
      try {
        await this.parts.peers.ask(peer, 'node', 'admit', { node, identity });
        return;
      } catch (error) {
        this.logger.info({ peer, err: error }, 'not registered yet; trying again');
        await this.pause(1_000);
      }
    }
  }

  private systemConfiguration(): ConfState {
    const { voters, learners } = bootstrapSystemReplicas(this.configuration.members);
    return { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  }

  private async openPartitions(): Promise<void> {
    const { directory, raft } = this.parts;
    const map = directory.map();
    for (const partition of map.partitionsOn(this.configuration.node)) {
      const assignment = map.assignmentOf(partition);
      if (assignment === null || this.isStopped) continue;
      const { voters, learners } = assignment;
      const conf = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
      await raft.node.openPartition(partition, conf);
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }
}
