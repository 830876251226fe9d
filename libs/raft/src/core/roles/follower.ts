import { invariant, logIndex, term as asTerm } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { Entry } from '../entry.js';
import type {
  AppendRequest,
  CommitNotice,
  Heartbeat,
  InstallSnapshot,
  MessageOf,
} from '../message.js';
import {
  answerRead,
  isPromotable,
  send,
  sendAfterPersist,
  sendAfterTerm,
} from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import { startElection } from './election.js';
import { becomeFollower } from './transitions.js';
import { onPreVote, onVote } from './voter.js';
import { ignore } from './handler-row.js';
import type { HandlerRow } from './handler-row.js';

const ZERO_INDEX = logIndex(0);
const ZERO_TERM = asTerm(0);

/** A live leader of this term spoke. */
function hear(raft: RaftState, leader: MessageOf<'append'>['from']): void {
  invariant(raft.leader === null || raft.leader === leader, 'a term has one leader');
  raft.leader = leader;
  raft.leaderSilence = 0;
  raft.electionElapsed = 0;
}

function acknowledge(raft: RaftState, to: MessageOf<'append'>['from'], index: LogIndex): void {
  const { self: from, term } = raft;
  sendAfterPersist(raft, {
    kind: 'appendResponse',
    from,
    to,
    term,
    index,
    rejected: false,
    hintIndex: ZERO_INDEX,
    hintTerm: ZERO_TERM,
  });
}

/** The entries that this log does not have yet, from the first that differs. */
function newEntries(raft: RaftState, entries: readonly Entry[]): readonly Entry[] {
  let known = 0;
  for (const entry of entries) {
    if (!raft.log.matches(entry.index, entry.term)) break;
    known += 1;
  }
  return known === 0 ? entries : entries.slice(known);
}

export function onAppend(raft: RaftState, append: AppendRequest): void {
  hear(raft, append.from);
  const { log } = raft;
  if (append.prevIndex < log.commitIndex) {
    // Old news: everything up to the commit index is as the leader has it.
    acknowledge(raft, append.from, log.commitIndex);
    return;
  }
  if (!log.matches(append.prevIndex, append.prevTerm)) {
    rejectAppend(raft, append);
    return;
  }
  const lastNew = logIndex(append.prevIndex + append.entries.length);
  const entries = newEntries(raft, append.entries);
  if (entries.length > 0) {
    log.append(entries);
    raft.confs.follow(entries);
  }
  const commit = Math.min(append.commit, lastNew);
  if (commit > log.commitIndex) log.commitTo(logIndex(commit));
  acknowledge(raft, append.from, lastNew);
}

function rejectAppend(raft: RaftState, append: AppendRequest): void {
  const { self: from, term, log } = raft;
  const hintIndex = log.conflictHint(append.prevIndex, append.prevTerm);
  sendAfterTerm(raft, {
    kind: 'appendResponse',
    from,
    to: append.from,
    term,
    index: append.prevIndex,
    rejected: true,
    hintIndex,
    hintTerm: log.termAt(hintIndex) ?? ZERO_TERM,
  });
}

/** The leader speaks of what it knows this replica to have. */
export function onCommit(raft: RaftState, { from, commit }: CommitNotice | Heartbeat): void {
  hear(raft, from);
  const { log } = raft;
  // Whoever lost its disk must not go on as if nothing had happened: its promises are lost too.
  invariant(commit <= log.lastIndex, 'a replica still has what it told its leader to have');
  if (commit > log.commitIndex) log.commitTo(commit);
}

export function onHeartbeat(raft: RaftState, heartbeat: Heartbeat): void {
  onCommit(raft, heartbeat);
  const { self: from, term } = raft;
  const { readRound } = heartbeat;
  sendAfterTerm(raft, { kind: 'heartbeatResponse', from, to: heartbeat.from, term, readRound });
}

/** Its bytes have arrived: the driver steps this message when they are durable. */
export function onInstallSnapshot(raft: RaftState, install: InstallSnapshot): void {
  hear(raft, install.from);
  const { log } = raft;
  const { index, term, conf } = install.snapshot;
  if (index > log.commitIndex && log.matches(index, term)) {
    log.commitTo(index); // It has all that the snapshot holds, entry by entry.
  } else if (index > log.commitIndex) {
    log.restore(install.snapshot);
    raft.confs.reset(index, conf);
  }
  acknowledge(raft, install.from, log.commitIndex);
}

/** A read asked of one that does not lead. */
export function refuseRead(raft: RaftState, request: MessageOf<'readIndex'>): void {
  const { self: from, term } = raft;
  const { from: to, context } = request;
  const index = logIndex(0);
  sendAfterTerm(raft, { kind: 'readIndexResponse', from, to, term, context, index });
}

export function onReadIndexResponse(
  raft: RaftState,
  response: MessageOf<'readIndexResponse'>,
): void {
  answerRead(raft, response.context, response.index);
}

function onTimeoutNow(raft: RaftState): void {
  if (isPromotable(raft)) startElection(raft, true);
}

export const follower: HandlerRow = {
  vote: onVote,
  preVote: onPreVote,
  voteResponse: ignore,
  preVoteResponse: ignore,
  append: onAppend,
  appendResponse: ignore,
  commit: onCommit,
  heartbeat: onHeartbeat,
  heartbeatResponse: ignore,
  installSnapshot: onInstallSnapshot,
  readIndex: refuseRead,
  readIndexResponse: onReadIndexResponse,
  timeoutNow: onTimeoutNow,
};

/** Reads of a follower go to its leader; without one they are refused. */
export function forwardRead(raft: RaftState, context: number): void {
  const { self: from, term, leader: to } = raft;
  if (to === null) answerRead(raft, context, logIndex(0));
  else send(raft, { kind: 'readIndex', from, to, term, context });
}

/** A leader of the present term exists: the campaign is over. */
export function yieldTo<M extends AppendRequest | CommitNotice | Heartbeat | InstallSnapshot>(
  handle: (raft: RaftState, message: M) => void,
): (raft: RaftState, message: M) => void {
  return (raft, message) => {
    becomeFollower(raft, raft.term, message.from);
    handle(raft, message);
  };
}
