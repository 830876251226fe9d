import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry, NodeLog, RaftNode, SnapshotStore, Transport } from '@metad/raft';
import type { PeerLog } from './peer-log.js';

/** The Raft node with the parts it was made of, for status, archive and shutdown. */
export interface OpenedRaft {
  readonly node: RaftNode;
  readonly log: NodeLog;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  /** Random, made with the data directory. */
  readonly identity: string;
  /** Committed entries from the archive; null when it does not hold `from`. */
  readonly readArchived: (
    partition: PartitionId,
    from: LogIndex,
  ) => Promise<readonly Entry[] | null>;
  /** What this node never had, since a snapshot took its place. */
  readonly peerLog: PeerLog;
  close(): Promise<void>;
}
