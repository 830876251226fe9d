import { isVoter } from './membership/configuration.js';
import { quorumReached } from './membership/quorum.js';
import { startPreVote } from './roles/election.js';
import { maybeLeaveJoint } from './leading/commit.js';
import type { Leadership } from './leading/leadership.js';
import { startReadRound } from './leading/reads.js';
import { broadcastHeartbeat } from './leading/replicate.js';
import { abortTransfer } from './leading/transfer.js';
import type { PeerProgress } from './leading/peer-progress.js';
import type { RaftState } from './state/raft-state.js';
import { becomeFollower } from './roles/transitions.js';

/** After so many election timeouts without a word about it, a snapshot counts as lost. */
const snapshotTimeouts = 10;

/** Advances one replica's time by one tick. */
export function tick(raft: RaftState): void {
  raft.electionElapsed += 1;
  if (raft.leadership !== null) {
    tickLeader(raft, raft.leadership);
    return;
  }
  raft.leaderSilence += 1;
  if (raft.electionElapsed >= raft.electionDeadline) startPreVote(raft);
}

function tickLeader(raft: RaftState, leadership: Leadership): void {
  const { electionTimeoutTicks, heartbeatTicks, leaseReads } = raft.options;
  leadership.ticks += 1;
  if (raft.electionElapsed >= electionTimeoutTicks) {
    raft.electionElapsed = 0;
    if (!checkQuorum(raft, leadership)) return;
  }
  tickTransfer(raft, leadership);
  for (const peer of leadership.peers) tickSnapshot(raft, leadership, peer);
  maybeLeaveJoint(raft, leadership);
  leadership.heartbeatElapsed += 1;
  if (leadership.heartbeatElapsed < heartbeatTicks) return;
  leadership.heartbeatElapsed = 0;
  if (leaseReads) startReadRound(raft, leadership);
  else broadcastHeartbeat(raft, leadership);
}

const activeOf = (peer: PeerProgress): number => (peer.recentActive ? 1 : 0);

/** A leader that has not heard from a quorum for an election timeout steps down (thesis §6.2). */
function checkQuorum(raft: RaftState, leadership: Leadership): boolean {
  const self = leadership.progress.get(raft.self);
  if (self !== undefined) self.recentActive = true;
  const active = quorumReached(raft.confs.latest, leadership.progress, activeOf) >= 1;
  for (const peer of leadership.peers) peer.recentActive = false;
  if (!active) becomeFollower(raft, raft.term, null);
  return active;
}

function tickTransfer(raft: RaftState, leadership: Leadership): void {
  const target = leadership.transferTarget;
  if (target === null) return;
  leadership.transferElapsed += 1;
  const late = leadership.transferElapsed >= raft.options.electionTimeoutTicks;
  if (late || !isVoter(raft.confs.latest, target)) abortTransfer(leadership);
}

function tickSnapshot(raft: RaftState, leadership: Leadership, peer: PeerProgress): void {
  if (peer.state !== 'snapshot') return;
  peer.snapshotTicks += 1;
  if (peer.snapshotTicks < snapshotTimeouts * raft.options.electionTimeoutTicks) return;
  peer.becomeProbe();
  leadership.flushNeeded = true;
}
