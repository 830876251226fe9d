import type { PartitionId } from '@metad/foundation';
import type { SnapshotReceipt, StoredSnapshot } from '../snapshot-port.js';
import type { FileSnapshotStore } from './file-snapshot-store.js';
import { SnapshotCorruption } from '../snapshot-port.js';
import type { SnapshotWriter } from './snapshot-writer.js';

/** A snapshot that arrives in pieces, in order; what arrived survives a restart of the receiver. */
export class FileSnapshotReceipt implements SnapshotReceipt {
  constructor(
    private readonly store: FileSnapshotStore,
    private readonly writer: SnapshotWriter,
    private readonly partition: PartitionId,
    private readonly expected: StoredSnapshot,
  ) {}

  get held(): number {
    return this.writer.chunks;
  }

  /** A chunk that is held already is ignored; one that leaves a hole is refused. */
  async put(chunk: number, bytes: Uint8Array): Promise<void> {
    if (chunk < this.held) return;
    if (chunk > this.held || chunk >= this.expected.chunks) {
      throw new RangeError(`chunk ${chunk} came where ${this.held} was expected`);
    }
    await this.writer.add(bytes);
  }

  async finish(): Promise<StoredSnapshot> {
    const { expected } = this;
    const arrived = this.writer.summary(expected.meta);
    const same =
      arrived.bytes === expected.bytes &&
      arrived.chunks === expected.chunks &&
      arrived.checksum === expected.checksum;
    if (!same) {
      this.writer.abandon(false);
      throw new SnapshotCorruption(
        `the snapshot of partition ${this.partition} at ${expected.meta.index} did not arrive ` +
          `whole: ${arrived.chunks} of ${expected.chunks} chunks, ${arrived.bytes} of ` +
          `${expected.bytes} bytes`,
      );
    }
    return this.store.publish(this.writer, this.partition, expected.meta);
  }

  async abandon(): Promise<void> {
    this.writer.abandon(false);
  }
}
