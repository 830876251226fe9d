import type { PreVoteRequest, VoteRequest } from '../message.js';
import { reaches } from '../log/raft-log.js';
import { resetElectionTimer, sendAfterPersist, sendAfterTerm } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';

/** The candidate's log lacks nothing that this replica has, or must have had. */
function isComplete(
  raft: RaftState,
  { lastIndex, lastTerm }: VoteRequest | PreVoteRequest,
): boolean {
  const { floor, log } = raft;
  if (floor !== null && !reaches({ index: lastIndex, term: lastTerm }, floor)) return false;
  return log.isUpToDate(lastIndex, lastTerm);
}

/**
 * One vote per term, for a log at least as complete as the own. A learner votes too: whoever asks
 * it counts it as a voter, and it may not know yet that it was promoted.
 */
export function onVote(raft: RaftState, request: VoteRequest): void {
  const free = raft.vote === null && raft.leader === null;
  const granted = (free || raft.vote === request.from) && isComplete(raft, request);
  if (granted) {
    raft.vote = request.from;
    resetElectionTimer(raft);
  }
  const { self: from, term } = raft;
  sendAfterPersist(raft, { kind: 'voteResponse', from, to: request.from, term, granted });
}

/** Would a vote be granted in that term? Promises nothing. */
export function onPreVote(raft: RaftState, request: PreVoteRequest): void {
  const granted = request.term > raft.term && isComplete(raft, request);
  const term = granted ? request.term : raft.term;
  const { self: from } = raft;
  sendAfterTerm(raft, { kind: 'preVoteResponse', from, to: request.from, term, granted });
}
