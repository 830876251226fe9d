import type { NodeName } from '@metad/foundation';
import type { ConfState } from '../entry.js';

export type VoteResult = 'won' | 'lost' | 'pending';

const majorityOf = (count: number): number => (count >> 1) + 1;

/** The largest value that a majority of `voters` has reached. */
function majorityReached<P>(
  voters: readonly NodeName[],
  peers: ReadonlyMap<NodeName, P>,
  valueOf: (peer: P) => number,
): number {
  const values: number[] = [];
  for (const voter of voters) {
    const peer = peers.get(voter);
    values.push(peer === undefined ? 0 : valueOf(peer));
  }
  values.sort((a, b) => b - a);
  return values[majorityOf(voters.length) - 1] as number;
}

/** The largest value that a quorum has reached; a joint configuration needs both majorities. */
export function quorumReached<P>(
  conf: ConfState,
  peers: ReadonlyMap<NodeName, P>,
  valueOf: (peer: P) => number,
): number {
  const incoming = majorityReached(conf.voters, peers, valueOf);
  if (conf.votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityReached(conf.votersOutgoing, peers, valueOf));
}

function majorityVote(
  voters: readonly NodeName[],
  votes: ReadonlyMap<NodeName, boolean>,
): VoteResult {
  let granted = 0;
  let refused = 0;
  for (const voter of voters) {
    const vote = votes.get(voter);
    if (vote === true) granted += 1;
    if (vote === false) refused += 1;
  }
  const needed = majorityOf(voters.length);
  if (granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'pending';
}

/** How an election stands; a joint configuration is won in both halves and lost in either. */
export function voteResult(conf: ConfState, votes: ReadonlyMap<NodeName, boolean>): VoteResult {
  const incoming = majorityVote(conf.voters, votes);
  if (conf.votersOutgoing.length === 0) return incoming;
  const outgoing = majorityVote(conf.votersOutgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}
