import type { StoredRecord } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../consensus/partition-directory.js';
import type { PartitionMachines } from '../consensus/partition-machines.js';
import { recordParts, recordText, type RecordParts } from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';
import type { RecordImage, WatchedPartitions, WatchedRecords } from './watch-ports.js';

/** This node's replicas as watches see them. */
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
    return { index: machine.appliedIndex(), records: machine.records.records(kind, namespace) };
  }

  bodyText(record: StoredRecord): string {
    return recordText(record, this.kinds);
  }

  bodyParts(record: StoredRecord): RecordParts {
    return recordParts(record, this.kinds);
  }

  idOf(kind: string, key: string): string {
    return this.kinds.kind(kind)?.idOf(key) ?? key;
  }
}
