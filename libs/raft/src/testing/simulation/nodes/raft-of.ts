import type { Replica } from '../../../core/index.js';
import type { RaftState } from '../../../core/state/raft-state.js';

/** The state inside a replica: for the oracle, which compares logs, and for planted bugs. */
export const raftOf = (replica: Replica): RaftState =>
  (replica as unknown as { readonly raft: RaftState }).raft;
