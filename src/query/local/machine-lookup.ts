import { MetadError, type RecordBody } from '@metad/contract';
import type { StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry } from '@metad/raft';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { PartitionMachines } from '../../consensus/partition-machines.js';
import { toCommandReply, toRecordBody, type Outcome } from '../../decide/index.js';
import type { KindRegistry } from '../../kinds/index.js';
import type { RecordLookup } from '../query-ports.js';
import { namespaceOf } from './logged-command.js';

/** The committed entry at an index; null where this node no longer has it. */
export type ReadEntry = (partition: PartitionId, index: LogIndex) => Promise<Entry | null>;

/** Look-ups by key in this node's own state machines. */
export class MachineLookup implements RecordLookup {
  constructor(
    private readonly machines: PartitionMachines,
    private readonly directory: PartitionDirectory,
    private readonly kinds: KindRegistry,
    private readonly readEntry: ReadEntry,
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

  async outcomeOf(
    partition: PartitionId,
    namespace: string,
    commandId: string,
  ): Promise<Readonly<Record<string, unknown>> | null> {
    const remembered = this.machines.user(partition).outcomeOf(commandId);
    if (remembered === null) return null;
    const owner =
      remembered.record?.namespace ??
      (await this.loggedNamespace(partition, remembered, commandId));
    if (owner !== null && owner !== namespace) return null;
    const outcome = owner === null ? inBrief(remembered) : remembered;
    const { incarnation } = this.directory.cluster();
    try {
      const result = { outcome, duplicate: false };
      return { ...toCommandReply(result, { incarnation, partition }, this.kinds) };
    } catch (error) {
      if (error instanceof MetadError) return { ...error.toBody() };
      throw error;
    }
  }

  /** What is remembered names no namespace but in its record: the entry that it came from does. */
  private async loggedNamespace(
    partition: PartitionId,
    { index }: Outcome,
    commandId: string,
  ): Promise<string | null> {
    const entry = await this.readEntry(partition, index);
    return entry === null ? null : namespaceOf(commandId, entry);
  }
}

/** What can be told to whoever knows the id: that it ended, how, and where; no client's data. */
function inBrief(outcome: Outcome): Outcome {
  if (outcome.accepted) return { ...outcome, events: [] };
  const { code, rule } = outcome.rejection;
  const message = 'it was refused when it first came; the details are no longer kept';
  return { ...outcome, rejection: { code, rule, message } };
}
