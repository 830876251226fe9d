import type { Ready } from '../../core/index.js';
import type { PartitionWrite } from '../../storage/log-port.js';
import type { Partition } from '../partition/partition.js';

/**
 * The Readys that one durable write makes true, in the order in which they were taken. Readys with
 * nothing to write stand here too when an earlier one of their partition does: acknowledgements
 * keep their order.
 */
export class AppendBatch {
  readonly writes: PartitionWrite[] = [];
  readonly partitions: Partition[] = [];
  readonly readies: Ready[] = [];
  entries = 0;
  durable = false;

  add(partition: Partition, ready: Ready): void {
    const { entries, snapshot } = ready;
    const hardState = ready.hardState ?? partition.lazyHardState;
    partition.lazyHardState = null;
    this.writes.push({ partition: partition.id, hardState, snapshot, entries });
    this.entries += entries.length;
    this.acknowledge(partition, ready);
  }

  /** Puts a Ready behind those of its partition without writing anything. */
  acknowledge(partition: Partition, ready: Ready): void {
    this.partitions.push(partition);
    this.readies.push(ready);
    partition.openBatch = this;
  }
}
