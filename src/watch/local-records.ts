import type { RecordBody } from '@metad/contract';
import type { StoredRecord } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { PartitionMachines } from '../consensus/partition-machines.js';
import { toRecordBody } from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';
import type { RecordImage, WatchedPartitions, WatchedRecords } from './watch-ports.js';

/** This node's replicas as watches see them. Records are immutable: an image holds references. */
export class LocalRecords implements WatchedPartitions, WatchedRecords {
  constructor(
    private readonly machines: PartitionMachines,
    private readonly directory: PartitionDirectory,
    private readonly kinds: KindRegistry,
  ) {}

  incarnation(): string {
    return this.directory.cluster().incarnation;
  }

  partitions(): readonly PartitionId[] {
    return this.machines.partitions();
  }

  onChange(listener: () => void): void {
    this.directory.onChange(listener);
  }

  capture(partition: PartitionId, namespace: string | null, kind: string | null): RecordImage {
    const machine = this.machines.user(partition);
    const kinds = kind === null ? this.kinds.kinds.map((one) => one.kind) : [kind];
    const records: StoredRecord[] = [];
    for (const one of kinds) {
      if (this.kinds.kind(one) === null) continue;
      for (const record of machine.records.table(one).records(namespace)) records.push(record);
    }
    return { index: machine.appliedIndex(), records };
  }

  toBody(record: StoredRecord): RecordBody {
    return toRecordBody(record, this.kinds);
  }

  idOf(kind: string, key: string): string {
    return this.kinds.kind(kind)?.idOf(key) ?? key;
  }
}
