import { invariant, logIndex } from '@metad/foundation';
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
  const reached = quorumReached(leadership.electorate, matchOf);
  if (reached <= raft.log.commitIndex) return;
  const index = logIndex(reached);
  if (!raft.log.matches(index, raft.term)) return;
  raft.log.commitTo(index);
  leadership.countCommitted(index);
  leadership.flushNeeded = true;
  maybeLeaveJoint(raft, leadership);
  maybeMakeRoom(raft, leadership);
}

/** Leaves a joint configuration that is committed. Refused during a transfer: the tick retries. */
export function maybeLeaveJoint(raft: RaftState, leadership: Leadership): void {
  if (leadership.electorate.votersOutgoing.length === 0) return;
  const { latest, latestIndex } = raft.confs;
  if (!latest.autoLeave || latestIndex > raft.log.commitIndex) return;
  proposeConf(raft, leadership, { steps: [], autoLeave: false });
}

/**
 * A leader that a committed change leaves without a vote hands over to the voter that has most,
 * then follows.
 */
function maybeMakeRoom(raft: RaftState, leadership: Leadership): void {
  if (leadership.self?.learner === false) return;
  if (raft.confs.latestIndex > raft.log.commitIndex) return;
  let heir: PeerProgress | null = null;
  for (const peer of leadership.peers) {
    if (!peer.learner && (heir === null || peer.match > heir.match)) heir = peer;
  }
  invariant(heir !== null, 'a configuration has voters');
  orderCampaign(raft, leadership, heir);
  becomeFollower(raft, raft.term, null);
}
