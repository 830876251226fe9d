import { invariant, logIndex, term as asTerm } from '@metad/foundation';
import type { Message, MessageKind, MessageOf } from './message.js';
import type { Role } from './ready.js';
import { isSticky, sendAfterTerm } from './state/raft-state.js';
import type { RaftState } from './state/raft-state.js';
import { candidate, preCandidate } from './roles/candidate.js';
import { follower } from './roles/follower.js';
import type { Handler, HandlerRow } from './roles/handler-row.js';
import { leader } from './roles/leader.js';
import { becomeFollower } from './roles/transitions.js';

const HANDLERS: { readonly [R in Role]: HandlerRow } = {
  follower,
  preCandidate,
  candidate,
  leader,
};

/** Advances one replica by one message. */
export function step<K extends MessageKind>(raft: RaftState, message: MessageOf<K>): void {
  invariant(message.to === raft.self, 'a replica takes only what is addressed to it');
  if (reconcileTerm(raft, message) === 'stale') return; // The only place where terms are compared.
  const handle: Handler<K> = HANDLERS[raft.role][message.kind];
  handle(raft, message);
}

type Relevance = 'current' | 'stale';

function reconcileTerm(raft: RaftState, message: Message): Relevance {
  if (message.term === raft.term) return 'current';
  return message.term > raft.term ? fromLaterTerm(raft, message) : fromEarlierTerm(raft, message);
}

function fromLaterTerm(raft: RaftState, message: Message): Relevance {
  switch (message.kind) {
    case 'vote':
    case 'preVote':
      if (!message.transfer && isSticky(raft)) return 'stale';
      if (message.kind === 'vote') becomeFollower(raft, message.term, null);
      return 'current';
    case 'preVoteResponse':
      // A grant carries the term asked for, which nobody has entered yet.
      if (!message.granted) becomeFollower(raft, message.term, null);
      return 'current';
    case 'append':
    case 'commit':
    case 'heartbeat':
    case 'installSnapshot':
      becomeFollower(raft, message.term, message.from);
      return 'current';
    default:
      becomeFollower(raft, message.term, null);
      return 'current';
  }
}

/** Whoever lives in the past and acts on it is told; mere answers from there are dropped. */
function fromEarlierTerm(raft: RaftState, message: Message): Relevance {
  const { self: from, term } = raft;
  const to = message.from;
  if (message.kind === 'vote') {
    sendAfterTerm(raft, { kind: 'voteResponse', from, to, term, granted: false });
  } else if (message.kind === 'preVote') {
    sendAfterTerm(raft, { kind: 'preVoteResponse', from, to, term, granted: false });
  } else if (message.kind === 'append' || message.kind === 'heartbeat') {
    // A deposed leader; or a leader in an earlier term than one that was split off and came back
    // with a higher one: it must learn that term, or it would never be able to lead that replica.
    const index = logIndex(0);
    const hint = { hintIndex: index, hintTerm: asTerm(0) };
    sendAfterTerm(raft, { kind: 'appendResponse', from, to, term, index, rejected: true, ...hint });
  }
  return 'stale';
}
