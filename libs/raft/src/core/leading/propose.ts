import { logIndex } from '@metad/foundation';
import { entryBytes } from '../entry.js';
import type { ConfChange, Entry } from '../entry.js';
import { changedConf, isJoint, isMember } from '../membership/configuration.js';
import type { RaftState } from '../state/raft-state.js';
import type { ProposeResult } from '../replica.js';
import { appendOwn, newEntry } from '../roles/transitions.js';
import type { Leadership } from './leadership.js';

type Refusal = Extract<ProposeResult, { accepted: false }>['reason'];

const EMPTY = new Uint8Array(0);
const refused = (reason: Refusal): ProposeResult => ({ accepted: false, reason });

/** Why this replica takes no proposal now, or null. */
function refusalOf(raft: RaftState, leadership: Leadership): Refusal | null {
  if (!isMember(raft.confs.latest, raft.self)) return 'removed';
  return leadership.transferTarget === null ? null : 'transferring';
}

function accept(raft: RaftState, entries: readonly Entry[]): ProposeResult {
  const index = logIndex(raft.log.lastIndex + 1);
  appendOwn(raft, entries);
  return { accepted: true, index, term: raft.term };
}

/** Appends commands, all or none. */
export function proposeCommands(raft: RaftState, datas: readonly Uint8Array[]): ProposeResult {
  const { leadership } = raft;
  if (leadership === null) return refused('notLeader');
  const refusal = refusalOf(raft, leadership);
  if (refusal !== null) return refused(refusal);
  const first = raft.log.lastIndex + 1;
  const entries: Entry[] = [];
  let bytes = 0;
  for (const data of datas) {
    const index = logIndex(first + entries.length);
    const entry: Entry = { index, term: raft.term, kind: 'command', data, change: null };
    entries.push(entry);
    bytes += entryBytes(entry);
  }
  const before = leadership.uncommittedBytes;
  // One batch passes whatever its size, so that nothing is refused for ever.
  if (before > 0 && before + bytes > raft.options.uncommittedBytesMax) {
    return refused('uncommittedFull');
  }
  leadership.countProposed(logIndex(first + entries.length - 1), bytes);
  return accept(raft, entries);
}

/**
 * Appends a membership change. One is in flight at most, and none before the term's no-op is
 * committed: else two leaders could change the same configuration in ways that share no quorum.
 */
export function proposeConf(
  raft: RaftState,
  leadership: Leadership | null,
  change: ConfChange,
): ProposeResult {
  if (leadership === null) return refused('notLeader');
  const refusal = refusalOf(raft, leadership);
  if (refusal !== null) return refused(refusal);
  const { commitIndex } = raft.log;
  if (commitIndex < leadership.termStart || commitIndex < raft.confs.latestIndex) {
    return refused('confInFlight');
  }
  const conf = raft.confs.latest;
  if (isJoint(conf) && change.steps.length > 0) return refused('confInFlight');
  if (changedConf(conf, change) === null) return refused('invalidConf');
  return accept(raft, [newEntry(raft, 'conf', EMPTY, change)]);
}
