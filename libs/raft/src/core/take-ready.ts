import { logIndex, NONE, term as asTerm } from '@metad/foundation';
import type { HardState, Ready, SoftState } from './ready.js';
import { startReadRound } from './leading/reads.js';
import { replicateTo } from './leading/replicate.js';
import type { RaftState } from './state/raft-state.js';

const ZERO_INDEX = logIndex(0);
const ZERO_TERM = asTerm(0);

/** Appends and read rounds are made here, so that all inputs since the last Ready share them. */
function flush(raft: RaftState): void {
  const { leadership } = raft;
  if (leadership === null || !leadership.flushNeeded) return;
  leadership.flushNeeded = false;
  for (const peer of leadership.peers) replicateTo(raft, peer);
  if (leadership.waitingReads.length > 0) startReadRound(raft, leadership);
}

const hardChanged = (raft: RaftState): boolean =>
  raft.reportedCommit !== raft.log.commitIndex || voteChanged(raft);

const voteChanged = (raft: RaftState): boolean =>
  raft.reportedTerm !== raft.term || raft.reportedVote !== raft.vote;

const softChanged = (raft: RaftState): boolean =>
  raft.reportedRole !== raft.role || raft.reportedLeader !== raft.leader;

export function hasReady(raft: RaftState): boolean {
  flush(raft);
  return (
    raft.messages.length > 0 ||
    raft.messagesAfterPersist.length > 0 ||
    raft.readStates.length > 0 ||
    raft.log.hasUnsaved() ||
    raft.log.hasCommitted() ||
    hardChanged(raft) ||
    softChanged(raft)
  );
}

function takeHardState(raft: RaftState, voted: boolean): HardState | null {
  if (!voted && raft.reportedCommit === raft.log.commitIndex) return null;
  const { term, vote } = raft;
  const commit = raft.log.commitIndex;
  raft.reportedTerm = term;
  raft.reportedVote = vote;
  raft.reportedCommit = commit;
  return { term, vote, commit };
}

function takeSoftState(raft: RaftState): SoftState | null {
  if (!softChanged(raft)) return null;
  const { role, leader } = raft;
  raft.reportedRole = role;
  raft.reportedLeader = leader;
  return { role, leader };
}

/** Everything that must happen outside, and the note that its write is under way. */
export function takeReady(raft: RaftState): Ready {
  flush(raft);
  const { log } = raft;
  const voted = voteChanged(raft);
  const hardState = takeHardState(raft, voted);
  const snapshot = log.takeSnapshot();
  const entries = log.takeEntries();
  // Handed out for good: more gathers in other lists.
  const { messages, messagesAfterPersist, readStates } = raft;
  if (messages.length > 0) raft.messages = NONE;
  if (messagesAfterPersist.length > 0) raft.messagesAfterPersist = NONE;
  if (readStates.length > 0) raft.readStates = NONE;
  const mustSync = voted || snapshot !== null || entries.length > 0;
  const awaitsPersist = mustSync || messagesAfterPersist.length > 0;
  if (awaitsPersist) {
    const last = entries[entries.length - 1];
    log.writing(
      last?.index ?? ZERO_INDEX,
      last?.term ?? ZERO_TERM,
      snapshot?.index ?? ZERO_INDEX,
      voted ? raft.term : ZERO_TERM,
    );
  }
  return {
    hardState,
    mustSync,
    awaitsPersist,
    entries,
    snapshot,
    messages,
    messagesAfterPersist,
    committed: log.takeCommitted(raft.options.committedBytesMax),
    readStates,
    softState: takeSoftState(raft),
  };
}
