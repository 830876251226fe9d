import { invariant, type LogIndex, type PartitionId } from '@metad/foundation';
import { KINDS } from '../kinds/index.js';
import { PartitionMachine } from '../decide/index.js';
import type { ReplayPorts } from '../dispatch/replay-ports.js';
import type { OpenedRaft } from './opened-raft.js';

/**
 * What a replay reads: committed entries, retained snapshots, and a private machine to run them
 * through. Made before the Raft node (whose machines feed the event source), attached to it after.
 */
export class ReplayFeed {
  private raft: OpenedRaft | null = null;

  attach(raft: OpenedRaft): void {
    this.raft = raft;
  }

  ports(): ReplayPorts {
    return {
      log: {
        read: async (partition, from, bytesMax) => {
          const { node, readArchived, peerLog } = this.opened();
          return (
            node.readCommitted(partition, from, bytesMax) ??
            (await readArchived(partition, from)) ??
            peerLog.read(partition, from)
          );
        },
      },
      snapshots: { newest: async (partition, atMost) => this.newest(partition, atMost) },
      machine: (partition, onApplied) => {
        const machine = new PartitionMachine({ partition, registry: KINDS, sink: onApplied });
        return {
          apply: (entry, attachment) => machine.apply(entry, attachment),
          restore: (meta, chunks) => machine.restore(meta, chunks),
          appliedIndex: () => machine.appliedIndex(),
          records: () => machine.records.records(),
        };
      },
      monotonic: () => performance.now(),
    };
  }

  private newest(partition: PartitionId, atMost: LogIndex) {
    const { snapshots } = this.opened();
    const stored = snapshots.newestUpTo(partition, atMost);
    if (stored === null) return null;
    return { meta: stored.meta, open: () => snapshots.read(partition, stored.meta.index) };
  }

  private opened(): OpenedRaft {
    invariant(this.raft !== null, 'a replay is asked for after the node was opened');
    return this.raft;
  }
}
