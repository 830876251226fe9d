import type { NodeName } from '@metad/foundation';
import type { PeerProgress } from './peer-progress.js';
import { leadershipOf, send } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import type { Leadership } from './leadership.js';

// Leadership transfer (thesis §3.10): stop taking proposals, bring the target up to date, tell it
// to campaign at once. It ends with a higher term, or after an election timeout without one.

/** Starts a transfer to a voter; anything else, or the one under way, changes nothing. */
export function startTransfer(raft: RaftState, to: NodeName): void {
  const leadership = leadershipOf(raft);
  const target = leadership.of(to);
  if (target === null || target.learner || to === raft.self) return;
  if (leadership.transferTarget === to) return;
  leadership.transferTarget = to;
  leadership.transferElapsed = 0;
  leadership.flushNeeded = true;
  target.nudge = target.match < raft.log.lastIndex;
  maybeOrderCampaign(raft, leadership, target);
}

export function abortTransfer(leadership: Leadership): void {
  leadership.transferTarget = null;
  leadership.transferElapsed = 0;
}

/** The target may campaign once it has the whole log. */
export function maybeOrderCampaign(
  raft: RaftState,
  leadership: Leadership,
  peer: PeerProgress,
): void {
  if (leadership.transferTarget !== peer.name || peer.match !== raft.log.lastIndex) return;
  orderCampaign(raft, leadership, peer);
}

export function orderCampaign(raft: RaftState, leadership: Leadership, peer: PeerProgress): void {
  leadership.leaseBroken = true;
  send(raft, { kind: 'timeoutNow', from: raft.self, to: peer.name, term: raft.term });
}
