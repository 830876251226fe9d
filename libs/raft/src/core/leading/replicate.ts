import { logIndex } from '@metad/foundation';
import { entryBytes } from '../entry.js';
import type { Entry } from '../entry.js';
import type { PeerProgress } from './peer-progress.js';
import { send } from '../state/raft-state.js';
import type { RaftState } from '../state/raft-state.js';
import type { Leadership } from './leadership.js';

const NONE: readonly Entry[] = [];

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/** Sends to `peer` what it lacks, as far as its window allows. */
export function replicateTo(raft: RaftState, peer: PeerProgress): void {
  const { log } = raft;
  while (!peer.isPaused()) {
    const prevIndex = logIndex(peer.next - 1);
    const prevTerm = log.termAt(prevIndex);
    const behind = peer.next <= log.lastIndex;
    const untold = peer.sentCommit < log.commitIndex;
    if (!behind && !untold && !peer.nudge && peer.state !== 'probe') return;
    const entries = behind ? log.read(peer.next, raft.options.appendBytesMax) : NONE;
    if (prevTerm === null || entries === null) {
      sendSnapshot(raft, peer);
      return;
    }
    const { self: from, term } = raft;
    const commit = log.commitIndex;
    const to = peer.name;
    send(raft, { kind: 'append', from, to, term, prevIndex, prevTerm, commit, entries });
    peer.sentCommit = commit;
    peer.sent(logIndex(prevIndex + entries.length), bytesOf(entries));
  }
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
    // Beyond its match the peer may hold entries of another history.
    const commit = logIndex(Math.min(peer.match, raft.log.commitIndex));
    send(raft, { kind: 'heartbeat', from, to: peer.name, term, commit, readRound });
  }
}
