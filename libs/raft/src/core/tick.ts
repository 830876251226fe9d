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

/** Advances one replica's time by one tick. True when something may have come of it. */
export function tick(raft: RaftState): boolean {
  raft.electionElapsed += 1;
  if (raft.leadership !== null) return tickLeader(raft, raft.leadership);
  raft.leaderSilence += 1;
  if (raft.electionElapsed < raft.electionDeadline) return false;
  startPreVote(raft);
  return true;
}

function tickLeader(raft: RaftState, leadership: Leadership): boolean {
  const { electionTimeoutTicks, heartbeatTicks, leaseReads } = raft.options;
  leadership.ticks += 1;
  if (raft.electionElapsed >= electionTimeoutTicks) {
    raft.electionElapsed = 0;
    if (!checkQuorum(raft, leadership)) return true;
  }
  tickTransfer(raft, leadership);
  for (const peer of leadership.peers) tickSnapshot(raft, leadership, peer);
  maybeLeaveJoint(raft, leadership);
  leadership.heartbeatElapsed += 1;
  if (leadership.heartbeatElapsed < heartbeatTicks) return leadership.flushNeeded;
  leadership.heartbeatElapsed = 0;
  if (leaseReads) startReadRound(raft, leadership);
  else broadcastHeartbeat(raft, leadership);
  return true;
}

const activeOf = (peer: PeerProgress): number => (peer.recentActive ? 1 : 0);

/** A leader that has not heard from a quorum for an election timeout steps down (thesis §6.2). */
function checkQuorum(raft: RaftState, leadership: Leadership): boolean {
  if (leadership.self !== null) leadership.self.recentActive = true;
  const active = quorumReached(leadership.electorate, activeOf) >= 1;
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
