import type { NodeName } from '@metad/foundation';
import type { ConfState } from '../entry.js';

export type VoteResult = 'won' | 'lost' | 'pending';

const majorityOf = (count: number): number => (count >> 1) + 1;

/** Who votes, with whatever is counted of each; `votersOutgoing` is empty unless joint. */
export interface Electorate<P> {
  readonly voters: readonly P[];
  readonly votersOutgoing: readonly P[];
}

/** The largest value that a majority of `voters` has reached. They are few: no list, no sorting. */
function majorityReached<P>(voters: readonly P[], valueOf: (voter: P) => number): number {
  const needed = majorityOf(voters.length);
  let reached = 0;
  for (const voter of voters) {
    const value = valueOf(voter);
    if (value <= reached) continue;
    let count = 0;
    for (const other of voters) if (valueOf(other) >= value) count += 1;
    if (count >= needed) reached = value;
  }
  return reached;
}

/** The largest value that a quorum has reached; a joint configuration needs both majorities. */
export function quorumReached<P>(
  { voters, votersOutgoing }: Electorate<P>,
  valueOf: (voter: P) => number,
): number {
  const incoming = majorityReached(voters, valueOf);
  if (votersOutgoing.length === 0) return incoming;
  return Math.min(incoming, majorityReached(votersOutgoing, valueOf));
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
