import { MetadError, type RecordBody } from '@metad/contract';
import type { StoredRecord } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { PartitionMachines } from '../../consensus/partition-machines.js';
import { toCommandReply, toRecordBody } from '../../decide/index.js';
import type { KindRegistry } from '../../kinds/index.js';
import type { RecordLookup } from '../query-ports.js';

/** Look-ups by key in this node's own state machines. */
export class MachineLookup implements RecordLookup {
  constructor(
    private readonly machines: PartitionMachines,
    private readonly directory: PartitionDirectory,
    private readonly kinds: KindRegistry,
  ) {}

  partitionOf(key: string, prefix: boolean): PartitionId {
    return this.directory.partitionOf(key, prefix);
  }

  mapGeneration(): number {
    return this.directory.map().generation;
  }

  find(partition: PartitionId, kind: string, namespace: string, key: string): StoredRecord | null {
    return this.machines.user(partition).lookup(kind, namespace, key);
  }

  bodyOf(record: StoredRecord): RecordBody {
    return toRecordBody(record, this.kinds);
  }

  outcomeOf(
    partition: PartitionId,
    _namespace: string,
    commandId: string,
  ): Readonly<Record<string, unknown>> | null {
    const outcome = this.machines.user(partition).outcomeOf(commandId);
    if (outcome === null) return null;
    const { incarnation } = this.directory.cluster();
    try {
      const result = { outcome, duplicate: false };
      return { ...toCommandReply(result, { incarnation, partition }, this.kinds) };
    } catch (error) {
      if (error instanceof MetadError) return { ...error.toBody() };
      throw error;
    }
  }
}
