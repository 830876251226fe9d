import { invariant, logIndex } from '@metad/foundation';
import { isJoint } from '../membership/configuration.js';
import { quorumReached } from '../membership/quorum.js';
import type { PeerProgress } from './peer-progress.js';
import type { RaftState } from '../state/raft-state.js';
import { becomeFollower } from '../roles/transitions.js';
import type { Leadership } from './leadership.js';
import { proposeConf } from './propose.js';
import { orderCampaign } from './transfer.js';

const matchOf = (peer: PeerProgress): number => peer.match;

/**
 * Commits what a quorum has stored, if it is of this term: an older entry on a quorum may still be
 * replaced (thesis figure 3.7), and is committed by the first entry of this term behind it.
 */
export function maybeCommit(raft: RaftState, leadership: Leadership): void {
  const reached = quorumReached(raft.confs.latest, leadership.progress, matchOf);
  if (reached <= raft.log.commitIndex) return;
  const index = logIndex(reached);
  if (!raft.log.matches(index, raft.term)) return;
  raft.log.commitTo(index);
  leadership.countCommitted(index);
  leadership.flushNeeded = true;
  maybeFinishConfChange(raft, leadership);
}

/**
 * What follows a committed membership change: a joint configuration is left, and a leader that is
 * no voter any more makes room.
 */
export function maybeFinishConfChange(raft: RaftState, leadership: Leadership): void {
  if (raft.confs.latestIndex > raft.log.commitIndex) return;
  const conf = raft.confs.latest;
  if (isJoint(conf)) {
    // Refused during a transfer; then the next tick tries again.
    if (conf.autoLeave) proposeConf(raft, leadership, { steps: [], autoLeave: false });
  } else if (!conf.voters.includes(raft.self)) {
    makeRoom(raft, leadership);
  }
}

/** Hands over to the voter that has most, then follows. */
function makeRoom(raft: RaftState, leadership: Leadership): void {
  let heir: PeerProgress | null = null;
  for (const peer of leadership.peers) {
    if (!peer.learner && (heir === null || peer.match > heir.match)) heir = peer;
  }
  invariant(heir !== null, 'a configuration has voters');
  orderCampaign(raft, leadership, heir);
  becomeFollower(raft, raft.term, null);
}
