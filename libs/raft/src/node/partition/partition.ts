import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName, PartitionId, Term } from '@metad/foundation';
import type { HardState, Message, Replica, Role, StoredLog } from '../../core/index.js';
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
  readonly id: PartitionId;
  replica: Replica;
  readonly machine: StateMachine;
  readonly stored: StoredLog;
  readonly proposals: Proposals;
  readonly reads: Reads;
  readonly waiters: ApplyWaiters;
  readonly applying = new ApplyQueue();

  state: PartitionStatus['state'] = 'running';
  reason: string | null = null;
  /** Set while this replica is corrupt and being brought back. */
  refill: Refill | null = null;

  /** As of the last Ready. */
  role: Role = 'follower';
  leader: NodeName | null = null;
  term: Term;
  /** Leads, and has applied an entry of its own term. */
  serving = false;
  appliedIndex: LogIndex;

  /** In the list of partitions whose core may have a Ready. */
  dirty = false;
  /** In the list of partitions with queued proposals. */
  proposing = false;
  /** In the list of partitions with entries to apply. */
  applyScheduled = false;
  /** The newest batch that holds a Ready of this partition, until it is durable. */
  openBatch: AppendBatch | null = null;
  /** A hard state of which only `commit` changed: it rides with the next write. */
  lazyHardState: HardState | null = null;

  idleTicks = 0;
  /** Ticks until this replica campaigns after its leader's node went away; −1: it does not. */
  campaignIn = -1;

  snapshotIndex: LogIndex = logIndex(0);
  /** After a snapshot that could not be written: not again before this is applied. */
  snapshotRetry: LogIndex = logIndex(0);
  /** Oldest index each subscriber still needs. */
  holds: Map<string, LogIndex> | null = null;
  snapshotting = false;
  /** Entries applied as leader since load was last measured. */
  appliedAsLeader = 0;
  load = 0;

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

  /** Its core works, although a corrupt replica's takes in only what refills it. */
  get isLive(): boolean {
    return this.state !== 'stopped' && this.refill?.isFilling !== false;
  }

  /** Messages of this kind may reach its core. */
  admits(message: Message): boolean {
    return this.refill === null || this.refill.admits(message);
  }
}
