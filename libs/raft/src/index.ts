export type {
  Entry,
  ConfState,
  ConfChange,
  SnapshotMeta,
  ReplicaStatus,
  Role,
} from './core/index.js';
export type { StateMachine, StateMachineFactory, StateImage } from './node/state-machine-port.js';
export type { ProposalObserver, DropReason } from './node/state-machine-port.js';
export type { RaftNode, LeaderChange, PartitionStatus } from './node/raft-node-port.js';
export { LogFailure } from './storage/log-port.js';
export type { NodeLog, LogStats, RecoveredPartition, RecoveryReport } from './storage/log-port.js';
export { openNodeLog } from './storage/log/open-node-log.js';
export type { NodeLogOptions } from './storage/log/open-node-log.js';
export { LogCorruption } from './storage/log/log-corruption.js';
export { UnknownLogFormat } from './storage/log/recovery/replay.js';
export { DirectoryError } from './storage/disk/directory-stamp.js';
export type { DirectoryFault } from './storage/disk/directory-stamp.js';
export { LockedError } from './storage/file-system-port.js';
export { MemoryNodeLog, MemoryLogContent } from './storage/memory/memory-node-log.js';
export type { SnapshotStore, StoredSnapshot } from './storage/snapshot-port.js';
export type { Transport, TransportStats, SendFailure } from './transport/transport-port.js';
