import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { EventClass, ProjectionDefinition } from '@metad/projection';
import type { EffectsBus, ProjectionPorts } from './projection-ports.js';

/** Where an event on the EventBus comes from. */
export interface CommittedContext {
  readonly entry: AppliedEntry;
  readonly change: RecordChange;
  /** True for what happened before this process projected: a handler may already have seen it. */
  readonly isReplay: boolean;
}

const contexts = new WeakMap<object, CommittedContext>();

/** The origin of an event that an `@EventsHandler` received; null for other objects. */
export const committedContext = (event: object): CommittedContext | null =>
  contexts.get(event) ?? null;

/**
 * Gives the EventBus a copy of every event once its rows are in this node's tables: for handlers
 * with side effects, which may be slow, fail or be missing without harm to any projection. Every
 * node publishes every event; a rebuild publishes none. At most once: what was projected right
 * before a crash is not published again.
 */
export class SideEffects {
  private readonly classes: ReadonlyMap<string, EventClass>;
  private readonly published = new Map<PartitionId, LogIndex>();
  private readonly replayedUpTo: ReadonlyMap<PartitionId, LogIndex>;

  constructor(
    private readonly bus: EffectsBus,
    definitions: readonly ProjectionDefinition[],
    private readonly ports: Pick<ProjectionPorts, 'source' | 'partitions' | 'onTrouble'>,
  ) {
    const classes = definitions.flatMap((definition) => definition.eventClasses);
    this.classes = new Map(classes.map((type) => [type.name, type]));
    this.replayedUpTo = new Map(ports.partitions().map((p) => [p, ports.source.head(p)]));
  }

  /** False while nobody listens: the processor need not keep entries for it. */
  get isHeard(): boolean {
    return this.bus.isHeard();
  }

  publish(entries: readonly AppliedEntry[]): void {
    for (const entry of entries) {
      // A projection that was halted reads old entries again; their effects are over.
      if (entry.index <= (this.published.get(entry.partition) ?? 0)) continue;
      this.published.set(entry.partition, entry.index);
      for (const change of entry.changes) this.publishChange(entry, change);
    }
  }

  private publishChange(entry: AppliedEntry, change: RecordChange): void {
    const type = this.classes.get(change.type);
    if (!type) return;
    // The class of that name is the one whose data the change carries.
    const event = new type(change.data as never);
    const isReplay = entry.index <= (this.replayedUpTo.get(entry.partition) ?? 0);
    contexts.set(event, { entry, change, isReplay });
    try {
      this.bus.publish(event);
    } catch (error) {
      this.ports.onTrouble(`a handler of ${change.type} on the EventBus failed`, error);
    }
  }
}
