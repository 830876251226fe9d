import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { HardState, Replica, Role, StoredLog } from '../../core/index.js';
import type { PartitionStatus } from '../raft-node-port.js';
import type { StateMachine } from '../state-machine-port.js';
import type { AppendBatch } from '../round/append-batch.js';
import { ApplyQueue } from './apply-queue.js';
import type { ApplyWaiters } from './apply-waiters.js';
import type { Proposals } from './proposals.js';
import type { Reads } from './reads.js';
import type { Refill } from './refill.js';

/** What a partition is made of. */
export interface PartitionParts {
  readonly id: PartitionId;
  readonly replica: Replica;
  readonly machine: StateMachine;
  readonly stored: StoredLog;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly waiters: ApplyWaiters;
}

/**
 * One partition's replica on this node with everything the driver keeps beside it. It holds state
 * and no rules; rounds, failover, quiescence and snapshots each look after their own fields.
 */
export class Partition {
  // What every entry needs stands together, below: fields that are neighbours in memory come into
  // the cache together, and with many partitions that is most of what an entry costs.
  reason: string | null = null;

  /** Ticks until this replica campaigns because nobody leads; −1: it does not. */
  campaignIn = -1;
  /** Its place among those who may campaign. */
  campaignRank = 0;
  /** Ticks between its campaigns, and how many of them are left. */
  campaignEvery = 0;
  campaignsLeft = 0;

  /** Oldest index each subscriber still needs. */
  holds: Map<string, LogIndex> | null = null;
  /** Entries per second, smoothed: known to every replica, so that it moves with leadership. */
  load = 0;

  snapshotIndex: LogIndex = logIndex(0);
  /** After a snapshot that could not be written: not again before this is applied. */
  snapshotRetry: LogIndex = logIndex(0);
  /** What writing the last image cost, as a number of entries. */
  snapshotEntriesWorth = 0;
  snapshotting = false;

  state: PartitionStatus['state'] = 'running';
  /** Set while this replica is corrupt and being brought back. */
  refill: Refill | null = null;

  /** As of the last Ready. */
  role: Role = 'follower';
  leader: NodeName | null = null;
  /** Leads, and has applied an entry of its own term. */
  serving = false;

  /** In the list of partitions whose core may have a Ready. */
  dirty = false;
  /** In the list of partitions with queued proposals. */
  proposing = false;
  /** Among those where somebody waits for something. */
  watched = false;
  /** In the list of partitions with entries to apply. */
  applyScheduled = false;
  /** The newest batch that holds a Ready of this partition, until it is durable. */
  openBatch: AppendBatch | null = null;
  /** Term and vote as of the last Ready; null before the first that changed anything of it. */
  hardState: HardState | null = null;
  /** The commit index as of then; by itself, since it moves with every entry. */
  commit: LogIndex = logIndex(0);
  /** What the log was given of it last; null when this replica gave nothing yet. */
  hardStateWritten: HardState | null = null;

  idleTicks = 0;
  /** Entries applied since load was last measured, in any role. */
  appliedSince = 0;
  readonly applying = new ApplyQueue();

  readonly id: PartitionId;
  replica: Replica;
  readonly machine: StateMachine;
  readonly stored: StoredLog;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly waiters: ApplyWaiters;
  term: Term;
  appliedIndex: LogIndex;

  constructor(parts: PartitionParts, term: Term, applied: LogIndex) {
    this.id = parts.id;
    this.replica = parts.replica;
    this.machine = parts.machine;
    this.stored = parts.stored;
    this.proposals = parts.proposals;
    this.reads = parts.reads;
    this.waiters = parts.waiters;
    this.term = term;
    this.appliedIndex = applied;
  }

  /** Its core works: a damaged replica's does once it knows what it must not forget. */
  get isLive(): boolean {
    return this.state !== 'stopped' && this.refill?.isFilling !== false;
  }

  /** Whoever waits for something here learns that it will not come. */
  settleAll(reason: string): void {
    this.proposals.stop(reason);
    this.reads.stop(reason);
    this.waiters.stop();
  }
}
