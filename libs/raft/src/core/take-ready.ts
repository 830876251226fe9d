import { logIndex, term as asTerm } from '@metad/foundation';
import type { HardState, Ready, SoftState } from './ready.js';
import { startReadRound } from './leading/reads.js';
import { replicateTo } from './leading/replicate.js';
import type { RaftState } from './state/raft-state.js';

const NONE: readonly never[] = [];
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
  raft.hardReported.commit !== raft.log.commitIndex || voteChanged(raft);

const voteChanged = (raft: RaftState): boolean =>
  raft.hardReported.term !== raft.term || raft.hardReported.vote !== raft.vote;

const softChanged = (raft: RaftState): boolean =>
  raft.softReported.role !== raft.role || raft.softReported.leader !== raft.leader;

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

function drain<T>(items: T[]): readonly T[] {
  return items.length === 0 ? NONE : items.splice(0);
}

function takeHardState(raft: RaftState): HardState | null {
  if (!hardChanged(raft)) return null;
  raft.hardReported = { term: raft.term, vote: raft.vote, commit: raft.log.commitIndex };
  return raft.hardReported;
}

function takeSoftState(raft: RaftState): SoftState | null {
  if (!softChanged(raft)) return null;
  raft.softReported = { role: raft.role, leader: raft.leader };
  return raft.softReported;
}

/** Everything that must happen outside, and the note that its write is under way. */
export function takeReady(raft: RaftState): Ready {
  flush(raft);
  const { log } = raft;
  const voted = voteChanged(raft);
  const hardState = takeHardState(raft);
  const snapshot = log.takeSnapshot();
  const entries = log.takeEntries();
  const last = entries[entries.length - 1];
  log.writing(
    last?.index ?? ZERO_INDEX,
    last?.term ?? ZERO_TERM,
    snapshot?.index ?? ZERO_INDEX,
    voted ? raft.term : ZERO_TERM,
  );
  return {
    hardState,
    mustSync: voted || snapshot !== null || entries.length > 0,
    entries,
    snapshot,
    messages: drain(raft.messages),
    messagesAfterPersist: drain(raft.messagesAfterPersist),
    committed: log.takeCommitted(raft.options.committedBytesMax),
    readStates: drain(raft.readStates),
    softState: takeSoftState(raft),
  };
}
