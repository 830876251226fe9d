import type { MessageOf } from '../message.js';
import { recordVote } from './election.js';
import type { RaftState } from '../state/raft-state.js';
import { onPreVote, onVote } from './voter.js';
import {
  onAppend,
  onCommit,
  onHeartbeat,
  onInstallSnapshot,
  onReadIndexResponse,
  refuseRead,
  yieldTo,
} from './follower.js';
import { ignore } from './handler-row.js';
import type { HandlerRow } from './handler-row.js';

function onVoteResponse(raft: RaftState, response: MessageOf<'voteResponse'>): void {
  recordVote(raft, response.from, response.granted);
}

/** A grant names the term that was asked for: one from an older campaign does not count. */
function onPreVoteResponse(raft: RaftState, response: MessageOf<'preVoteResponse'>): void {
  if (response.granted && response.term !== raft.term + 1) return;
  recordVote(raft, response.from, response.granted);
}

export const candidate: HandlerRow = {
  vote: onVote,
  preVote: onPreVote,
  voteResponse: onVoteResponse,
  preVoteResponse: ignore,
  append: yieldTo(onAppend),
  appendResponse: ignore,
  commit: yieldTo(onCommit),
  heartbeat: yieldTo(onHeartbeat),
  heartbeatResponse: ignore,
  installSnapshot: yieldTo(onInstallSnapshot),
  readIndex: refuseRead,
  readIndexResponse: onReadIndexResponse,
  timeoutNow: ignore,
};

export const preCandidate: HandlerRow = {
  ...candidate,
  voteResponse: ignore,
  preVoteResponse: onPreVoteResponse,
};
