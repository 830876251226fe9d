import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { Entry } from './entry.js';
import type { SnapshotMeta } from './ready.js';

/** Fields of every message between replicas of one partition. */
interface Envelope {
  readonly from: NodeName;
  readonly to: NodeName;
  /** The sender's term; for `preVote` the term it would campaign in. */
  readonly term: Term;
}

interface Candidacy extends Envelope {
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /**
   * True when the campaign was ordered by leadership transfer: leader stickiness does not apply.
   */
  readonly transfer: boolean;
}

export interface VoteRequest extends Candidacy {
  readonly kind: 'vote';
}

/** Asks whether a vote would be granted; changes nothing at the one who is asked (thesis §9.6). */
export interface PreVoteRequest extends Candidacy {
  readonly kind: 'preVote';
}

export interface VoteResponse extends Envelope {
  readonly kind: 'voteResponse';
  readonly granted: boolean;
}

/** `term` is that of the request when granted, the answerer's own when refused. */
export interface PreVoteResponse extends Envelope {
  readonly kind: 'preVoteResponse';
  readonly granted: boolean;
}

export interface AppendRequest extends Envelope {
  readonly kind: 'append';
  readonly prevIndex: LogIndex;
  readonly prevTerm: Term;
  readonly commit: LogIndex;
  readonly entries: readonly Entry[];
}

export interface AppendResponse extends Envelope {
  readonly kind: 'appendResponse';
  /** On success the last index known to match; on rejection the `prevIndex` that was refused. */
  readonly index: LogIndex;
  readonly rejected: boolean;
  /** On rejection: the largest index that could match, and the term the follower has there. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

/**
 * Tells a follower, between appends, up to where it may commit. Asks for no answer: should it be
 * lost, the next append or heartbeat says as much.
 */
export interface CommitNotice extends Envelope {
  readonly kind: 'commit';
  /** Never above what the leader knows this peer to have. */
  readonly commit: LogIndex;
}

export interface Heartbeat extends Envelope {
  readonly kind: 'heartbeat';
  /** Never above what the leader knows this peer to have. */
  readonly commit: LogIndex;
  /** The newest ReadIndex round that the answer confirms; 0 for none. */
  readonly readRound: number;
}

export interface HeartbeatResponse extends Envelope {
  readonly kind: 'heartbeatResponse';
  readonly readRound: number;
}

/** Announces a snapshot; its bytes travel beside the protocol, driven by the node driver. */
export interface InstallSnapshot extends Envelope {
  readonly kind: 'installSnapshot';
  readonly snapshot: SnapshotMeta;
}

/** A follower asks its leader for a read index. */
export interface ReadIndexRequest extends Envelope {
  readonly kind: 'readIndex';
  /** Chosen by the follower; comes back in the response. */
  readonly context: number;
}

export interface ReadIndexResponse extends Envelope {
  readonly kind: 'readIndexResponse';
  readonly context: number;
  /** 0 when refused: not leader, or nothing committed in this term yet. */
  readonly index: LogIndex;
}

/** The leader orders a caught-up peer to campaign at once (thesis §3.10). */
export interface TimeoutNow extends Envelope {
  readonly kind: 'timeoutNow';
}

export type Message =
  | VoteRequest
  | PreVoteRequest
  | VoteResponse
  | PreVoteResponse
  | AppendRequest
  | AppendResponse
  | CommitNotice
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | ReadIndexRequest
  | ReadIndexResponse
  | TimeoutNow;

export type MessageKind = Message['kind'];
export type MessageOf<K extends MessageKind> = Extract<Message, { kind: K }>;
