import type { AppliedEntry } from '@metad/eventsourcing';
import { invariant, type LogIndex, type PartitionId } from '@metad/foundation';
import type { SnapshotMeta, StateMachine } from '@metad/raft';
import { PartitionMachine, SystemMachine, type SystemState } from '../decide/index.js';
import type { KindRegistry } from '../kinds/index.js';

export const SYSTEM_PARTITION = 0 as PartitionId;

/** Where machines report what they did. */
export interface MachineListener {
  applied(entry: AppliedEntry): void;
  /** A snapshot took the place of the state. */
  restored(partition: PartitionId, index: LogIndex): void;
  clusterChanged(state: SystemState): void;
}

/** The state machines of this node's replicas, one a partition; partition 0 has its own kind. */
export class PartitionMachines {
  private readonly users = new Map<PartitionId, PartitionMachine>();
  readonly system: SystemMachine;

  constructor(
    private readonly kinds: KindRegistry,
    private readonly listener: MachineListener,
  ) {
    this.system = new SystemMachine((state) => listener.clusterChanged(state));
  }

  /** For the Raft node: the machine of a partition that it opens. */
  create(partition: PartitionId): StateMachine {
    if (partition === SYSTEM_PARTITION) return this.system;
    const machine = new ListenedMachine(partition, this.kinds, this.listener);
    this.users.set(partition, machine);
    return machine;
  }

  has(partition: PartitionId): boolean {
    return this.users.has(partition);
  }

  user(partition: PartitionId): PartitionMachine {
    const machine = this.users.get(partition);
    invariant(machine !== undefined, 'a partition in the map has its machine on this node');
    return machine;
  }

  /** User partitions opened here, ascending. */
  partitions(): PartitionId[] {
    return [...this.users.keys()].sort((a, b) => a - b);
  }
}

/** Tells its listener also when its state was replaced. */
class ListenedMachine extends PartitionMachine {
  constructor(
    private readonly id: PartitionId,
    registry: KindRegistry,
    private readonly listener: MachineListener,
  ) {
    super({ partition: id, registry, sink: (entry) => listener.applied(entry) });
  }

  override async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await super.restore(meta, chunks);
    this.listener.restored(this.id, meta.index);
  }
}
