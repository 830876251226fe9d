import type { NodeLog, RaftNode, SnapshotStore, Transport } from '@metad/raft';

/** The Raft node with the parts it was made of, for status, archive and shutdown. */
export interface OpenedRaft {
  readonly node: RaftNode;
  readonly log: NodeLog;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  /** Random, made with the data directory. */
  readonly identity: string;
  close(): Promise<void>;
}
