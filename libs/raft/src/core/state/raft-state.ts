import { invariant, seededRandom, withItem } from '@metad/foundation';
import type { LogIndex, NodeName, Term } from '@metad/foundation';
import type { Message } from '../message.js';
import type { ReadState, Role } from '../ready.js';
import type { LogPosition, ReplicaOptions } from '../replica.js';
import type { RaftLog } from '../log/raft-log.js';
import type { ConfHistory } from '../membership/conf-history.js';
import type { Leadership } from '../leading/leadership.js';

/**
 * All that one replica knows. Handlers mutate it and touch nothing else; `create-replica.ts` wraps
 * it into the public `Replica`.
 */
export interface RaftState {
  readonly options: ReplicaOptions;
  readonly self: NodeName;
  readonly log: RaftLog;
  readonly confs: ConfHistory;
  role: Role;
  term: Term;
  vote: NodeName | null;
  leader: NodeName | null;
  /** Set exactly while `role` is `leader`. */
  leadership: Leadership | null;
  /** Answers to the campaign under way; null when there is none. */
  votes: Map<NodeName, boolean> | null;
  /** Set while this replica may have forgotten promises: see `Replica.restrain`. */
  floor: LogPosition | null;
  /** The campaign under way was ordered by the leader. */
  transferCampaign: boolean;
  /** Ticks since the election timer was last reset; of a leader: since the last quorum check. */
  electionElapsed: number;
  /** A follower campaigns when `electionElapsed` reaches it; drawn anew on every reset. */
  electionDeadline: number;
  /** Ticks since a leader was last heard: what stickiness and leases rest on. */
  leaderSilence: number;
  /** Election timeouts drawn so far: seed and count determine the next. */
  draws: number;
  /** To be sent at once. */
  messages: readonly Message[];
  /** To be sent when everything taken so far is durable. */
  messagesAfterPersist: readonly Message[];
  readStates: readonly ReadState[];
  /** As the last Readys reported them. */
  reportedTerm: Term;
  reportedVote: NodeName | null;
  reportedCommit: LogIndex;
  reportedRole: Role;
  reportedLeader: NodeName | null;
}

/** Uniform in [timeout, 2 × timeout): what breaks ties between campaigns (thesis §3.4). */
export function resetElectionTimer(raft: RaftState): void {
  const timeout = raft.options.electionTimeoutTicks;
  raft.draws += 1;
  raft.electionElapsed = 0;
  const random = seededRandom(Math.imul(raft.options.seed, 0x9e3779b1) + raft.draws);
  raft.electionDeadline = timeout + random.below(timeout);
}

/** Only a voter campaigns: neither a learner, nor one whose removal is committed. */
export const isPromotable = (raft: RaftState): boolean =>
  raft.floor === null && raft.confs.isElectable(raft.self, raft.log.commitIndex);

/**
 * Leader stickiness (thesis §4.2.3, §9.6): who hears a leader, or is one, helps nobody to depose
 * it. With lease reads this promise also binds one that just started or gave up its leader.
 */
export function isSticky(raft: RaftState): boolean {
  if (raft.role === 'leader') return true;
  const known = raft.leader !== null || raft.options.leaseReads;
  return known && raft.leaderSilence < raft.options.electionTimeoutTicks;
}

/** Sends what depends on nothing unsaved. */
export function send(raft: RaftState, message: Message): void {
  raft.messages = withItem(raft.messages, message);
}

/** Sends what must not be said before everything up to now is durable. */
export function sendAfterPersist(raft: RaftState, message: Message): void {
  raft.messagesAfterPersist = withItem(raft.messagesAfterPersist, message);
}

/** Sends what depends on the term alone: at once when that is durable. */
export function sendAfterTerm(raft: RaftState, message: Message): void {
  if (raft.log.durableTerm === raft.term) send(raft, message);
  else sendAfterPersist(raft, message);
}

/** The leader's state, in handlers that only a leader runs. */
export function leadershipOf(raft: RaftState): Leadership {
  invariant(raft.leadership !== null, 'a leader has its leadership');
  return raft.leadership;
}

export function answerRead(raft: RaftState, context: number, index: LogIndex): void {
  raft.readStates = withItem(raft.readStates, { context, index });
}
