import type { NodeName } from '@metad/foundation';
import { isJoint } from '../membership/configuration.js';
import type { RaftState } from './raft-state.js';
import type { Progress, ReplicaStatus } from '../replica.js';
import type { Leadership } from '../leading/leadership.js';

function progressOf(leadership: Leadership | null): ReadonlyMap<NodeName, Progress> {
  const result = new Map<NodeName, Progress>();
  if (leadership === null) return result;
  for (const peer of leadership.progress) {
    const { name, state, match, next, recentActive, learner } = peer;
    result.set(name, { state, match, next, recentActive, learner });
  }
  return result;
}

export const statusOf = (raft: RaftState): ReplicaStatus => ({
  self: raft.self,
  role: raft.role,
  term: raft.term,
  vote: raft.vote,
  leader: raft.leader,
  commit: raft.log.commitIndex,
  applied: raft.log.appliedIndex,
  lastIndex: raft.log.lastIndex,
  lastTerm: raft.log.lastTerm,
  conf: raft.confs.applied,
  confInForce: raft.confs.latest,
  transferTarget: raft.leadership?.transferTarget ?? null,
  progress: progressOf(raft.leadership),
});

/** Nothing left to do for anybody, as far as this replica can know. */
export function canQuiesce(raft: RaftState): boolean {
  const { log, leadership } = raft;
  const done = log.appliedIndex === log.lastIndex && log.stableIndex === log.lastIndex;
  if (!done || raft.leader === null || isJoint(raft.confs.latest)) return false;
  if (log.hasWritesUnderWay() || leadership === null) return leadership === null;
  const idle = leadership.transferTarget === null && leadership.waitingReads.length === 0;
  if (!idle || leadership.readRounds.length > 0) return false;
  return leadership.peers.every(
    (peer) => peer.state === 'replicate' && peer.match === log.lastIndex,
  );
}
