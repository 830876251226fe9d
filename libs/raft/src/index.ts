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
export { UnknownLogFormat } from './storage/log/recovery/segment-scan.js';
export { DirectoryError, UNTIL_RESTORED } from './storage/disk/directory-stamp.js';
export { directoryFault } from './storage/disk/directory-fault.js';
export type { DirectoryFault } from './storage/disk/directory-stamp.js';
export { LockedError } from './storage/file-system-port.js';
export { MemoryNodeLog, MemoryLogContent } from './storage/memory/memory-node-log.js';
export type { SnapshotStore, StoredSnapshot, SnapshotReceipt } from './storage/snapshot-port.js';
export { verifyDirectory } from './storage/log/inspect/verify-directory.js';
export type { DirectoryVerdict } from './storage/log/inspect/verify-directory.js';
export type { VerifiedPartition } from './storage/log/inspect/verify-log.js';
export { readPartition } from './storage/log/inspect/read-partition.js';
export type { StoredPartition } from './storage/log/inspect/read-partition.js';
export { dumpLog } from './storage/log/inspect/dump-log.js';
export type { DumpedRecord, DumpOptions } from './storage/log/inspect/dump-log.js';
export { openSnapshotStore } from './storage/snapshots/file-snapshot-store.js';
export type { SnapshotStoreOptions } from './storage/snapshots/file-snapshot-store.js';
export { SnapshotCorruption } from './storage/snapshot-port.js';
export { SNAPSHOT_CHUNK_BYTES_MAX } from './storage/snapshots/snapshot-file.js';
export { MemorySnapshotStore } from './storage/memory/memory-snapshot-store.js';
export { openArchive } from './storage/archive/file-archive.js';
export type { ArchiveOptions } from './storage/archive/file-archive.js';
export { ArchiveGap, ArchiveCorruption } from './storage/archive-port.js';
export type { Archive, ArchiveRange, ArchiveStats } from './storage/archive-port.js';
export { MemoryArchive } from './storage/memory/memory-archive.js';
export type { Transport, TransportStats, SendFailure } from './transport/transport-port.js';
export { createRaftNode } from './node/raft-driver.js';
export { NoLeaderError } from './node/raft-node-port.js';
export { DEFAULT_NODE_LIMITS } from './node/node-options.js';
export type { RaftNodeOptions, NodeLimits } from './node/node-options.js';
export type { NodeStatsSnapshot } from './node/node-stats.js';
export { immediateTurns } from './node/turns.js';
export type { Turns } from './node/turns.js';
export { MemoryHub } from './transport/memory-transport.js';
export type { FrameRoute } from './transport/memory-transport.js';
export { NatsTransport } from './transport/nats-transport.js';
export type { NatsTransportOptions } from './transport/nats-transport.js';
export type { NatsConnectionPort, NatsMessage } from './transport/nats-connection-port.js';
