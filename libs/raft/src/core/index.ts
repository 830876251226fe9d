export type { Entry, EntryKind, ConfChange, ConfStep, ConfState } from './entry.js';
export { entryBytes } from './entry.js';
export type { Message, MessageKind, MessageOf } from './message.js';
export type {
  Ready,
  HardState,
  SoftState,
  SnapshotMeta,
  ReadState,
  StoredLog,
  Role,
} from './ready.js';
export type {
  Replica,
  ReplicaOptions,
  ReplicaStatus,
  ProposeResult,
  Progress,
  LogPosition,
} from './replica.js';
export { reaches } from './log/raft-log.js';
export { createReplica } from './create-replica.js';
