import { logIndex, NONE } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import { bytesOf } from '../entry.js';
import type { PeerProgress } from './peer-progress.js';
import { send } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import type { Leadership } from './leadership.js';

/** Sends to `peer` what it lacks, as far as its window allows, and what it may commit. */
export function replicateTo(raft: RaftState, peer: PeerProgress): void {
  const { log } = raft;
  while (!peer.isPaused()) {
    const behind = peer.next <= log.lastIndex;
    if (!behind && !peer.nudge && peer.state !== 'probe') break;
    const prevIndex = logIndex(peer.next - 1);
    const prevTerm = log.termAt(prevIndex);
    const entries = behind ? log.read(peer.next, raft.options.appendBytesMax) : NONE;
    if (prevTerm === null || entries === null) {
      sendSnapshot(raft, peer);
      return;
    }
    const { self: from, term } = raft;
    const commit = log.commitIndex;
    const to = peer.name;
    send(raft, { kind: 'append', from, to, term, prevIndex, prevTerm, commit, entries });
    const last = logIndex(prevIndex + entries.length);
    peer.toldCommit(commit < last ? commit : last); // It commits no more than the append reaches.
    peer.sent(last, bytesOf(entries));
  }
  tellCommit(raft, peer);
}

/** Beyond its match the peer may hold entries of another history. */
const commitFor = (raft: RaftState, peer: PeerProgress): LogIndex =>
  peer.match < raft.log.commitIndex ? peer.match : raft.log.commitIndex;

/** Tells the peer what no append told it: whatever it has acknowledged and a quorum has too. */
function tellCommit(raft: RaftState, peer: PeerProgress): void {
  const commit = commitFor(raft, peer);
  if (commit <= peer.sentCommit) return;
  const { self: from, term } = raft;
  send(raft, { kind: 'commit', from, to: peer.name, term, commit });
  peer.toldCommit(commit);
}

/** What the peer needs is compacted away: announce the newest snapshot. */
function sendSnapshot(raft: RaftState, peer: PeerProgress): void {
  if (!peer.recentActive) return;
  const snapshot = raft.log.snapshot();
  peer.becomeSnapshot(snapshot.index);
  const { self: from, term } = raft;
  send(raft, { kind: 'installSnapshot', from, to: peer.name, term, snapshot });
}

/** Tells every peer that its leader lives. */
export function broadcastHeartbeat(raft: RaftState, leadership: Leadership): void {
  const { self: from, term } = raft;
  const readRound = leadership.lastReadRound;
  for (const peer of leadership.peers) {
    const commit = commitFor(raft, peer);
    send(raft, { kind: 'heartbeat', from, to: peer.name, term, commit, readRound });
  }
}
