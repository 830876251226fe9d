import { unreachable } from '@metad/foundation';
import type { AppendResponse, HeartbeatResponse, MessageOf } from '../message.js';
import { leadershipOf } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import { maybeCommit } from '../leading/commit.js';
import type { Leadership } from '../leading/leadership.js';
import { confirmReads, requestRead } from '../leading/reads.js';
import { maybeOrderCampaign } from '../leading/transfer.js';
import type { PeerProgress } from '../leading/peer-progress.js';
import { onPreVote, onVote } from './voter.js';
import { ignore } from './handler-row.js';
import type { HandlerRow } from './handler-row.js';

function onAppendResponse(raft: RaftState, response: AppendResponse): void {
  const leadership = leadershipOf(raft);
  const peer = leadership.of(response.from);
  if (peer === null) return; // It has been removed meanwhile.
  peer.recentActive = true;
  leadership.flushNeeded = true;
  if (response.rejected) onRejection(raft, peer, response);
  else onMatch(raft, leadership, peer, response);
}

/** Finds where the logs part in one step per term, not per entry (thesis §3.5). */
function onRejection(raft: RaftState, peer: PeerProgress, response: AppendResponse): void {
  const hint = raft.log.conflictHint(response.hintIndex, response.hintTerm);
  peer.backOff(response.index, hint);
}

function onMatch(
  raft: RaftState,
  leadership: Leadership,
  peer: PeerProgress,
  response: AppendResponse,
): void {
  const news = peer.acknowledge(response.index);
  if (peer.state === 'replicate') peer.inflights.freeTo(response.index);
  else if (peer.state === 'probe') peer.becomeReplicate();
  else if (peer.match >= peer.snapshotIndex || peer.match + 1 >= raft.log.firstIndex()) {
    peer.becomeReplicate();
  }
  if (!news) return;
  maybeOrderCampaign(raft, leadership, peer);
  maybeCommit(raft, leadership);
}

function onHeartbeatResponse(raft: RaftState, response: HeartbeatResponse): void {
  const leadership = leadershipOf(raft);
  const peer = leadership.of(response.from);
  if (peer === null) return;
  peer.recentActive = true;
  peer.probeSent = false;
  if (peer.state === 'replicate' && peer.inflights.isFull()) peer.inflights.freeFirst();
  if (peer.match < raft.log.lastIndex) {
    peer.nudge = true;
    leadership.flushNeeded = true;
  }
  if (response.readRound > peer.readRound) {
    peer.readRound = response.readRound;
    confirmReads(raft, leadership);
  }
}

function onReadIndex(raft: RaftState, request: MessageOf<'readIndex'>): void {
  requestRead(raft, { from: request.from, context: request.context });
}

/** Election safety is broken: two leaders in one term. */
function onOtherLeader(): void {
  unreachable('a term has one leader' as never);
}

export const leader: HandlerRow = {
  vote: onVote,
  preVote: onPreVote,
  voteResponse: ignore,
  preVoteResponse: ignore,
  append: onOtherLeader,
  appendResponse: onAppendResponse,
  commit: onOtherLeader,
  heartbeat: onOtherLeader,
  heartbeatResponse: onHeartbeatResponse,
  installSnapshot: onOtherLeader,
  readIndex: onReadIndex,
  readIndexResponse: ignore,
  timeoutNow: ignore,
};
