import { randomInt } from 'node:crypto';
import type { AppliedEntry } from '@metad/eventsourcing';
import { invariant, type LogIndex, type PartitionId } from '@metad/foundation';
import type { Entry, SnapshotMeta, StateMachine } from '@metad/raft';
import { PartitionMachine, SystemMachine, type SystemState } from '../decide/index.js';
import type { CommandTrace } from '../app/telemetry/tracing/command-trace.js';
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

/** What a proposer on this node may send along with its entry. */
interface Traced {
  readonly trace?: CommandTrace | null;
}

/** Tells its listener also when its state was replaced, and a traced command where it is. */
class ListenedMachine extends PartitionMachine {
  constructor(
    private readonly id: PartitionId,
    registry: KindRegistry,
    private readonly listener: MachineListener,
  ) {
    const hashSeed = randomInt(0x7fff_ffff);
    super({ partition: id, registry, sink: (entry) => listener.applied(entry), hashSeed });
  }

  override apply(entry: Entry, attachment: unknown): ReturnType<PartitionMachine['apply']> {
    const trace = (attachment as Traced | undefined)?.trace ?? null;
    if (trace === null) return super.apply(entry, attachment);
    trace.committed(entry.index);
    const result = super.apply(entry, attachment);
    trace.applied();
    return result;
  }

  override async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await super.restore(meta, chunks);
    this.listener.restored(this.id, meta.index);
  }
}
