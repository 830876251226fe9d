import type { LogIndex, NodeName, PartitionId } from '@metad/foundation';
import { DecodeError } from '../../codec/index.js';
import type { Message, MessageOf, SnapshotMeta } from '../../core/index.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import type { Partition } from '../partition/partition.js';
import { SnapshotReceiver } from './snapshot-receiver.js';
import { SnapshotSender } from './snapshot-sender.js';
import { SnapshotWriter } from './snapshot-writer.js';

/** What snapshots tell the rest of the node. */
export interface SnapshotHost {
  partition(id: PartitionId): Partition | null;
  /** The state machine holds the snapshot at `index`. */
  onInstalled(partition: Partition, index: LogIndex): void;
  onFailed(partition: Partition, error: unknown): void;
  onTransferred(partition: Partition, peer: NodeName, delivered: boolean): void;
  /** A snapshot has arrived in full: a message for the core. */
  onMessage(partition: Partition, message: Message): void;
  onMalformed(): void;
}

/** Everything about snapshots on one node: taking, sending, receiving and installing them. */
export class SnapshotKeeper {
  private readonly writer: SnapshotWriter;
  private readonly sender: SnapshotSender;
  private readonly receiver: SnapshotReceiver;

  constructor(
    private readonly options: RaftNodeOptions,
    limits: NodeLimits,
    private readonly host: SnapshotHost,
  ) {
    this.writer = new SnapshotWriter(options, limits);
    this.sender = new SnapshotSender(options, limits, (partition, peer, delivered) =>
      host.onTransferred(partition, peer, delivered),
    );
    this.receiver = new SnapshotReceiver(options.snapshots, {
      self: options.self,
      wants: (id, snapshot) => {
        const partition = host.partition(id);
        if (partition === null || !partition.isLive) return false;
        if (partition.state === 'installing') return false; // One after the other.
        return partition.appliedIndex < snapshot.meta.index;
      },
      onReceived: (id, message) => {
        const partition = host.partition(id);
        if (partition !== null) host.onMessage(partition, message);
      },
    });
  }

  get taken(): number {
    return this.writer.taken;
  }

  get failures(): number {
    return this.writer.failures;
  }

  maybeTake(partition: Partition): void {
    this.writer.maybeTake(partition);
  }

  send(partition: Partition, message: MessageOf<'installSnapshot'>): void {
    this.sender.send(partition, message);
  }

  onFrame(from: NodeName, frame: Uint8Array, respond: (reply: Uint8Array) => void): void {
    try {
      this.receiver.onFrame(from, frame, respond);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.host.onMalformed();
    }
  }

  /** Puts a snapshot that the log has accepted into the state machine. */
  install(partition: Partition, meta: SnapshotMeta): void {
    const { snapshots } = this.options;
    const restored = partition.machine.restore(meta, snapshots.read(partition.id, meta.index));
    restored
      .then(() => this.host.onInstalled(partition, meta.index))
      .catch((error: unknown) => this.host.onFailed(partition, error));
  }
}
