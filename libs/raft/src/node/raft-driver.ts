import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName, PartitionId } from '@metad/foundation';
import type { ConfChange, ConfState, Entry } from '../core/index.js';
import type { RecoveredPartition } from '../storage/log-port.js';
import { Engine } from './engine.js';
import { DEFAULT_NODE_LIMITS } from './node-options.js';
import type { NodeLimits, RaftNodeOptions } from './node-options.js';
import type { NodeStatsSnapshot } from './node-stats.js';
import { openPartition } from './partition/open-partition.js';
import type { Partition } from './partition/partition.js';
import { Proposal } from './partition/proposal-row.js';
import type { Admission } from './partition/proposals.js';
import { NoLeaderError } from './raft-node-port.js';
import type { LeaderChange, PartitionStatus, RaftNode } from './raft-node-port.js';
import type { DropReason, ProposalObserver } from './state-machine-port.js';
import { Transfers } from './leadership/transfers.js';

/** Makes a node. It does nothing before `start`. */
export function createRaftNode(options: RaftNodeOptions): RaftNode {
  return new RaftDriver(options);
}

/**
 * The node as the application sees it. Every call is checked here and handed to the engine; answers
 * come from its rounds.
 */
class RaftDriver implements RaftNode {
  readonly self: NodeName;
  private readonly limits: NodeLimits;
  private readonly engine: Engine;
  private readonly admission: Admission;
  private readonly recovered: ReadonlyMap<PartitionId, RecoveredPartition>;
  private readonly opening = new Map<PartitionId, Promise<void>>();
  private readonly transfers: Transfers;

  constructor(private readonly options: RaftNodeOptions) {
    this.self = options.self;
    this.limits = { ...DEFAULT_NODE_LIMITS, ...options.limits };
    this.engine = new Engine(options, this.limits);
    this.admission = { inFlight: 0, inFlightMax: this.limits.inFlightPerNodeMax };
    this.recovered = new Map(options.log.recovered().map((found) => [found.partition, found]));
    this.transfers = new Transfers(this.engine, options.clock, this.limits);
  }

  /** Opens what the log holds, listens to peers and begins to tick. */
  async start(): Promise<void> {
    for (const { partition, snapshot } of this.recovered.values()) {
      await this.openPartition(partition, snapshot.conf);
    }
    await this.engine.start();
  }

  openPartition(id: PartitionId, bootstrap: ConfState): Promise<void> {
    let opening = this.opening.get(id);
    if (opening === undefined) {
      opening = this.open(id, bootstrap);
      this.opening.set(id, opening);
    }
    return opening;
  }

  partitions(): readonly PartitionId[] {
    return [...this.engine.partitions.keys()].sort((a, b) => a - b);
  }

  propose(
    id: PartitionId,
    data: Uint8Array,
    observer: ProposalObserver,
    attachment?: unknown,
  ): void {
    const partition = this.engine.partitions.get(id);
    const refusal = this.refusalOf(partition);
    if (refusal !== null || partition === undefined) {
      observer.dropped(refusal ?? 'noPartition', partition?.leader ?? null);
      return;
    }
    if (data.length > this.options.transport.frameBytesMax - FRAME_OVERHEAD_BYTES_MAX) {
      observer.dropped('tooLarge', partition.leader);
      return;
    }
    const deadline = this.deadline(this.limits.proposalTimeoutMs);
    if (!partition.proposals.admit(new Proposal(data, observer, attachment, deadline))) {
      observer.dropped('overloaded', partition.leader);
      return;
    }
    this.engine.activity.wake(partition);
    this.engine.watch(partition);
    this.engine.rounds.touchProposals(partition);
  }

  proposeConfChange(id: PartitionId, change: ConfChange, observer: ProposalObserver): void {
    const partition = this.engine.partitions.get(id);
    const refusal = this.refusalOf(partition);
    if (refusal !== null || partition === undefined) {
      observer.dropped(refusal ?? 'noPartition', partition?.leader ?? null);
      return;
    }
    const result = partition.replica.proposeConfChange(change);
    if (!result.accepted) {
      observer.dropped(confRefusal(result.reason), partition.leader);
      return;
    }
    const deadline = this.deadline(this.limits.proposalTimeoutMs);
    partition.proposals.track(new Proposal(NO_DATA, observer, undefined, deadline), result);
    this.engine.activity.wake(partition);
    this.engine.watch(partition);
    this.engine.rounds.touch(partition);
  }

  readIndex(id: PartitionId, timeoutMs: number): Promise<LogIndex> {
    const partition = this.engine.partitions.get(id);
    if (partition?.isLive !== true || partition.refill !== null || this.engine.stopped) {
      return Promise.reject(new NoLeaderError(`partition ${id} is not served by this node`));
    }
    this.engine.activity.wake(partition);
    this.engine.watch(partition);
    const confirmed = partition.reads.add(this.deadline(timeoutMs));
    this.engine.rounds.touch(partition);
    return confirmed;
  }

  waitApplied(id: PartitionId, index: LogIndex, timeoutMs: number): Promise<boolean> {
    const partition = this.engine.partitions.get(id);
    if (partition === undefined) return Promise.resolve(false);
    if (partition.appliedIndex >= index) return Promise.resolve(true);
    if (!partition.isLive || this.engine.stopped) return Promise.resolve(false);
    this.engine.watch(partition);
    return partition.waiters.add(index, this.deadline(timeoutMs));
  }

  transferLeadership(id: PartitionId, to: NodeName): Promise<void> {
    const partition = this.engine.partitions.get(id);
    if (partition === undefined) {
      return Promise.reject(new NoLeaderError(`partition ${id} is not on this node`));
    }
    return this.transfers.start(partition, to);
  }

  status(id: PartitionId): PartitionStatus | null {
    const partition = this.engine.partitions.get(id);
    if (partition === undefined) return null;
    const { state, reason, stored } = partition;
    const firstIndex = stored.firstIndex();
    return { ...partition.replica.status(), partition: id, firstIndex, state, reason };
  }

  leaderOf(id: PartitionId): NodeName | null {
    return this.engine.partitions.get(id)?.leader ?? null;
  }

  appliedIndex(id: PartitionId): LogIndex {
    return this.engine.partitions.get(id)?.appliedIndex ?? logIndex(0);
  }

  onLeaderChange(listener: (change: LeaderChange) => void): void {
    this.engine.leaderListeners.push(listener);
  }

  readCommitted(id: PartitionId, from: LogIndex, bytesMax: number): readonly Entry[] | null {
    const partition = this.engine.partitions.get(id);
    if (partition === undefined) return null;
    const { stored, appliedIndex } = partition;
    if (from > appliedIndex) return [];
    if (from < stored.firstIndex()) return null;
    return stored.entries(from, logIndex(appliedIndex + 1), bytesMax);
  }

  holdLog(id: PartitionId, holder: string, index: LogIndex): void {
    const partition = this.engine.partitions.get(id);
    if (partition === undefined) return;
    partition.holds ??= new Map();
    partition.holds.set(holder, index);
  }

  stats(): NodeStatsSnapshot {
    return this.engine.statsSnapshot(this.admission.inFlight);
  }

  async drain(timeoutMs: number): Promise<void> {
    this.engine.drain();
    await this.transfers.giveAllAway(this.deadline(timeoutMs), () => this.admission.inFlight);
  }

  undrain(): void {
    this.engine.undrain();
    this.transfers.keep();
  }

  async stop(): Promise<void> {
    this.engine.halt('the node stops');
    this.transfers.stop();
    await this.engine.settled();
  }

  private async open(id: PartitionId, bootstrap: ConfState): Promise<void> {
    const { options, limits, admission } = this;
    const found = this.recovered.get(id) ?? null;
    const partition = await openPartition(id, found, bootstrap, options, limits, admission);
    this.engine.refills.begin(partition, options.log.damageOf(id));
    this.engine.add(partition);
  }

  private refusalOf(partition: Partition | undefined): DropReason | null {
    if (partition === undefined || !partition.isLive) return 'noPartition';
    if (this.engine.draining || this.engine.stopped) return 'stopping';
    if (partition.role === 'leader') return null;
    return partition.leader === null ? 'noLeader' : 'notLeader';
  }

  private deadline(timeoutMs: number): number {
    return this.options.clock.monotonic() + timeoutMs;
  }
}

const NO_DATA = new Uint8Array(0);
/** What a frame with a single entry holds beside the entry's data, and room to spare. */
const FRAME_OVERHEAD_BYTES_MAX = 2_048;

function confRefusal(reason: string): DropReason {
  if (reason === 'transferring') return 'transferring';
  if (reason === 'confInFlight' || reason === 'uncommittedFull') return 'overloaded';
  return reason === 'invalidConf' ? 'invalid' : 'notLeader';
}
