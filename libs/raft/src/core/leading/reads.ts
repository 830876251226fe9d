import { logIndex } from '@metad/foundation';
import type { LogIndex, NodeName } from '@metad/foundation';
import type { PeerProgress } from './peer-progress.js';
import { quorumReached } from '../membership/quorum.js';
import { answerRead, leadershipOf, sendAfterTerm } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import { broadcastHeartbeat } from './replicate.js';
import type { Leadership } from './leadership.js';

// ReadIndex (thesis §6.4): a read may be served from the state as of the commit index that the
// leader had when the read arrived, once a quorum has confirmed that it led at some time after
// that. Reads that arrive between two Readys share one round; the rounds are numbered, heartbeats
// carry the newest number, and its echo confirms all rounds up to it, so a lost round is confirmed
// by any later heartbeat.

/** Reads that one replica holds at most; beyond it they are refused. */
export const readsMax = 4_096;

export interface WaitingRead {
  /** The follower that asked, or null for this replica itself. */
  readonly from: NodeName | null;
  readonly context: number;
}

export interface ReadRound {
  readonly round: number;
  readonly index: LogIndex;
  readonly reads: readonly WaitingRead[];
  readonly sentAt: number;
}

const REFUSED = logIndex(0);

/** A read that arrived at the leader. */
export function requestRead(raft: RaftState, read: WaitingRead): void {
  const leadership = leadershipOf(raft);
  if (raft.log.commitIndex < leadership.termStart) {
    // It may not know yet what its predecessors committed.
    answer(raft, read, REFUSED);
  } else if (hasLease(raft, leadership)) {
    answer(raft, read, raft.log.commitIndex);
  } else if (heldReads(leadership) >= readsMax) {
    answer(raft, read, REFUSED);
  } else {
    leadership.waitingReads.push(read);
    leadership.flushNeeded = true;
  }
}

/** Starts one round for all reads that wait. */
export function startReadRound(raft: RaftState, leadership: Leadership): void {
  leadership.lastReadRound += 1;
  leadership.readRounds.push({
    round: leadership.lastReadRound,
    index: raft.log.commitIndex,
    reads: leadership.waitingReads,
    sentAt: leadership.ticks,
  });
  leadership.waitingReads = [];
  if (leadership.self !== null) leadership.self.readRound = leadership.lastReadRound;
  broadcastHeartbeat(raft, leadership);
  confirmReads(raft, leadership);
}

const readRoundOf = (peer: PeerProgress): number => peer.readRound;

/** Answers the reads of every round that a quorum has confirmed. */
export function confirmReads(raft: RaftState, leadership: Leadership): void {
  const confirmed = quorumReached(leadership.electorate, readRoundOf);
  let done = 0;
  for (const round of leadership.readRounds) {
    if (round.round > confirmed) break;
    leadership.leaseUntil = round.sentAt + leaseTicks(raft);
    for (const read of round.reads) answer(raft, read, round.index);
    done += 1;
  }
  if (done > 0) leadership.readRounds.splice(0, done);
}

/** Leadership is lost: whether it still held when the reads arrived will never be known. */
export function refuseReads(raft: RaftState, leadership: Leadership): void {
  for (const round of leadership.readRounds) {
    for (const read of round.reads) answer(raft, read, REFUSED);
  }
  for (const read of leadership.waitingReads) answer(raft, read, REFUSED);
}

/** Half the time for which followers stay loyal: clocks may differ in rate by a factor of 2. */
const leaseTicks = (raft: RaftState): number => raft.options.electionTimeoutTicks >> 1;

const hasLease = (raft: RaftState, leadership: Leadership): boolean =>
  raft.options.leaseReads && !leadership.leaseBroken && leadership.ticks < leadership.leaseUntil;

function heldReads(leadership: Leadership): number {
  let held = leadership.waitingReads.length;
  for (const round of leadership.readRounds) held += round.reads.length;
  return held;
}

function answer(raft: RaftState, read: WaitingRead, index: LogIndex): void {
  if (read.from === null) {
    answerRead(raft, read.context, index);
    return;
  }
  const { self: from, term } = raft;
  const to = read.from;
  sendAfterTerm(raft, { kind: 'readIndexResponse', from, to, term, context: read.context, index });
}
