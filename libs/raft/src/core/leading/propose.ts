import { logIndex, NONE, withItem } from '@metad/foundation';
import { bytesOf } from '../entry.js';
import type { ConfChange, Entry } from '../entry.js';
import { changedConf, isJoint } from '../membership/configuration.js';
import type { RaftState } from '../state/raft-state.js';
import type { ProposeResult } from '../replica.js';
import { appendOwn, newEntry } from '../roles/transitions.js';
import type { Leadership } from './leadership.js';

type Refusal = Extract<ProposeResult, { accepted: false }>['reason'];

const EMPTY = new Uint8Array(0);
const refused = (reason: Refusal): ProposeResult => ({ accepted: false, reason });

/** Why this replica takes no proposal now, or null. */
function refusalOf(leadership: Leadership): Refusal | null {
  if (leadership.self === null) return 'removed';
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
  const refusal = refusalOf(leadership);
  if (refusal !== null) return refused(refusal);
  const first = raft.log.lastIndex + 1;
  const { term } = raft;
  let entries: readonly Entry[] = NONE;
  for (const data of datas) {
    const index = logIndex(first + entries.length);
    entries = withItem(entries, { index, term, kind: 'command', data, change: null });
  }
  const bytes = bytesOf(entries);
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
  const refusal = refusalOf(leadership);
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
