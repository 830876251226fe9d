import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { ConfChange, ConfState, Entry } from './entry.js';
import type { Message } from './message.js';
import type { HardState, Ready, Role, StoredLog } from './ready.js';

/** Settings of one replica. Times are in ticks; the driver owns the length of a tick. */
export interface ReplicaOptions {
  readonly self: NodeName;
  readonly log: StoredLog;
  readonly hardState: HardState;
  /** Membership as of the newest snapshot; later changes are re-read from the log. */
  readonly conf: ConfState;
  /** Index that the state machine has already consumed (the snapshot's, after a restart). */
  readonly applied: LogIndex;
  readonly electionTimeoutTicks: number;
  readonly heartbeatTicks: number;
  /** Jitter of election timeouts comes from here and nowhere else. */
  readonly seed: number;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  readonly uncommittedBytesMax: number;
  /** Bytes of committed entries handed out in one Ready. */
  readonly committedBytesMax: number;
  /**
   * Serve reads from a clock lease instead of a quorum round. Off by default: it needs sane clocks,
   * and a driver that gives every tick that is due before it gives anything else. After a pause of
   * the process the first read would else be served by a lease that has run out meanwhile.
   */
  readonly leaseReads: boolean;
}

/** `index` is that of the first entry; the others follow it without a hole. */
export type ProposeResult =
  | { readonly accepted: true; readonly index: LogIndex; readonly term: Term }
  | {
      readonly accepted: false;
      readonly reason:
        | 'notLeader'
        | 'transferring'
        | 'uncommittedFull'
        | 'removed'
        | 'confInFlight'
        | 'invalidConf';
    };

export interface Progress {
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly recentActive: boolean;
  readonly learner: boolean;
}

/** Where a log ends: what elections compare (thesis §3.6.1). */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

export interface ReplicaStatus {
  readonly self: NodeName;
  readonly role: Role;
  readonly term: Term;
  readonly vote: NodeName | null;
  readonly leader: NodeName | null;
  readonly commit: LogIndex;
  readonly applied: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Membership as of `applied`: what a snapshot taken now must carry. */
  readonly conf: ConfState;
  /** Membership in force: the newest in the log, committed or not (thesis §4.1). */
  readonly confInForce: ConfState;
  readonly transferTarget: NodeName | null;
  /** Empty unless leader. Keys sorted. */
  readonly progress: ReadonlyMap<NodeName, Progress>;
}

/**
 * One replica of one partition: synchronous, deterministic, without I/O. Inputs mutate it; its
 * only output is `takeReady()`.
 */
export interface Replica {
  /** False when nothing came of it, as at most ticks: then there is no need to look for a Ready. */
  tick(): boolean;
  step(message: Message): void;
  /** Proposes opaque commands as consecutive entries: all are accepted, or none. */
  propose(datas: readonly Uint8Array[]): ProposeResult;
  proposeConfChange(change: ConfChange): ProposeResult;
  /**
   * Starts a ReadIndex; answered by a `ReadState` with the same context, or refused with index 0.
   */
  readIndex(context: number): void;
  transferLeadership(to: NodeName): void;
  /**
   * Campaigns at once (through preVote): the driver's word that the leader's node is gone. The
   * others must have been told to `forgetLeader()`, or their stickiness refuses for a time-out.
   */
  campaign(): void;
  /** The driver's word that the leader's node is gone: grant others' votes at once. */
  forgetLeader(): void;
  /**
   * For a replica that may have forgotten promises: while `floor` is set it never campaigns, and it
   * votes only for logs at least as complete as `floor`, as if it still had such a log itself.
   */
  restrain(floor: LogPosition | null): void;
  /** The transport could not deliver to `peer`: go back to probing. */
  reportUnreachable(peer: NodeName): void;
  /**
   * The transfer of a snapshot to `peer` has ended, well or not: the leader asks the peer what it
   * has, and announces another snapshot if that is not enough.
   */
  reportSnapshot(peer: NodeName, delivered: boolean): void;
  hasReady(): boolean;
  takeReady(): Ready;
  /**
   * The write of a Ready became durable: index and term of its last entry (0, 0 when it had none)
   * and its snapshot's index (or 0). Once for every Ready that awaits it, in the order of taking.
   */
  persisted(lastIndex: LogIndex, lastTerm: Term, snapshotIndex: LogIndex): void;
  applied(index: LogIndex): void;
  /** The log was compacted by the driver up to its snapshot. */
  compacted(): void;
  /**
   * True when nothing is in flight and every follower has everything: the partition may go quiet.
   */
  canQuiesce(): boolean;
  status(): ReplicaStatus;
  /** As in the status, which costs more to ask for. */
  commitIndex(): LogIndex;
  entriesUncommittedBytes(): number;
  /**
   * Entries appended but perhaps not yet stored, newest tail included: what the driver may read.
   */
  lastEntry(): Entry | null;
}
