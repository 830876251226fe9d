import { invariant, logIndex, term as asTerm } from '@metad/foundation';
import type { NodeName, Term } from '@metad/foundation';
import type { Entry, EntryKind, ConfChange } from '../entry.js';
import type { RaftState } from '../state/raft-state.js';
import { resetElectionTimer } from '../state/raft-state.js';
import { Leadership } from '../leading/leadership.js';
import { refuseReads } from '../leading/reads.js';

const EMPTY = new Uint8Array(0);

/** Follows `leader` (null: not known yet) in `term`, which may be the present one. */
export function becomeFollower(raft: RaftState, term: Term, leader: NodeName | null): void {
  invariant(term >= raft.term, 'the term never goes back');
  if (term > raft.term) {
    raft.term = term;
    raft.vote = null;
  }
  if (raft.leadership !== null) {
    refuseReads(raft, raft.leadership);
    // It gave up: it has no leader to be loyal to.
    raft.leaderSilence = raft.options.electionTimeoutTicks;
  }
  raft.role = 'follower';
  raft.leader = leader;
  raft.leadership = null;
  raft.votes = null;
  resetElectionTimer(raft);
}

/** Asks whether an election could be won; neither term nor vote change (thesis §9.6). */
export function becomePreCandidate(raft: RaftState): void {
  invariant(raft.role !== 'leader', 'a leader does not campaign');
  raft.role = 'preCandidate';
  raft.leader = null;
  raft.votes = new Map([[raft.self, true]]);
  raft.transferCampaign = false;
  resetElectionTimer(raft);
}

/** Enters a new term with a vote for itself; that vote counts once it is durable. */
export function becomeCandidate(raft: RaftState, transfer: boolean): void {
  invariant(raft.role !== 'leader', 'a leader does not campaign');
  raft.role = 'candidate';
  raft.leader = null;
  raft.term = asTerm(raft.term + 1);
  raft.vote = raft.self;
  raft.votes = new Map();
  raft.transferCampaign = transfer;
  resetElectionTimer(raft);
}

/** Leads the term it campaigned in, and writes the term's no-op (thesis §3.6.2, §6.4). */
export function becomeLeader(raft: RaftState): void {
  invariant(raft.role === 'candidate', 'only a candidate is elected');
  invariant(raft.log.durableTerm === raft.term, 'a leader has made its term and vote durable');
  raft.role = 'leader';
  raft.leader = raft.self;
  raft.votes = null;
  raft.electionElapsed = 0;
  raft.leadership = new Leadership(raft, logIndex(raft.log.lastIndex + 1));
  appendOwn(raft, [newEntry(raft, 'noop', EMPTY, null)]);
}

/** The entry that would follow the last one. */
export const newEntry = (
  raft: RaftState,
  kind: EntryKind,
  data: Uint8Array,
  change: ConfChange | null,
): Entry => ({ index: logIndex(raft.log.lastIndex + 1), term: raft.term, kind, data, change });

/** A leader only ever appends to its own log (leader append-only). */
export function appendOwn(raft: RaftState, entries: readonly Entry[]): void {
  invariant(entries[0]?.index === raft.log.lastIndex + 1, 'a leader never rewrites its own log');
  raft.log.append(entries);
  const leadership = raft.leadership;
  invariant(leadership !== null, 'only a leader makes entries');
  leadership.flushNeeded = true;
  if (raft.confs.follow(entries)) leadership.followConf(raft);
}
