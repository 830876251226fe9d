import { invariant, term as asTerm } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { votersOf } from '../membership/configuration.js';
import { voteResult } from '../membership/quorum.js';
import { isPromotable, send } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
} from './transitions.js';

// An election has two rounds: preVote asks whether a campaign could succeed, and disturbs nobody if
// not; the vote itself follows in a new term. A leadership transfer skips the first.

export function startPreVote(raft: RaftState): void {
  if (!isPromotable(raft) || raft.role === 'leader') return;
  becomePreCandidate(raft);
  askForVotes(raft, 'preVote');
  maybeWin(raft);
}

export function startElection(raft: RaftState, transfer: boolean): void {
  becomeCandidate(raft, transfer);
  // Asking may go out before the own vote is durable: leading may not, see `onDurableVote`.
  askForVotes(raft, 'vote');
}

function askForVotes(raft: RaftState, kind: 'preVote' | 'vote'): void {
  const { self: from, log, transferCampaign: transfer } = raft;
  const term = kind === 'preVote' ? asTerm(raft.term + 1) : raft.term;
  const { lastIndex, lastTerm } = log;
  for (const to of votersOf(raft.confs.latest)) {
    if (to === from) continue;
    send(raft, { kind, from, to, term, lastIndex, lastTerm, transfer });
  }
}

/** Records an answer to the campaign under way; the first from each voter counts. */
export function recordVote(raft: RaftState, from: NodeName, granted: boolean): void {
  const votes = votesOf(raft);
  if (!votes.has(from)) votes.set(from, granted);
  maybeWin(raft);
}

/**
 * The term and vote of this candidate are durable: now its own vote counts. Without it no number
 * of others makes a leader: after a crash it could campaign in the same term a second time.
 */
export function onDurableVote(raft: RaftState): void {
  if (raft.role === 'candidate' && raft.log.durableTerm === raft.term) {
    recordVote(raft, raft.self, true);
  }
}

function votesOf(raft: RaftState): Map<NodeName, boolean> {
  invariant(raft.votes !== null, 'who campaigns counts votes');
  return raft.votes;
}

function maybeWin(raft: RaftState): void {
  const votes = votesOf(raft);
  const result = voteResult(raft.confs.latest, votes);
  if (result === 'lost') becomeFollower(raft, raft.term, null);
  if (result !== 'won' || !votes.has(raft.self)) return;
  if (raft.role === 'preCandidate') startElection(raft, false);
  else becomeLeader(raft);
}
