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
export type { NodeLog, LogStats } from './storage/log-port.js';
export type { SnapshotStore, StoredSnapshot } from './storage/snapshot-port.js';
export type { Transport, TransportStats, SendFailure } from './transport/transport-port.js';
