import type { Subjects } from '@metad/contract';
import type { AppliedEntry } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { ChangeText } from '../watch-message.js';

export interface FeedPorts {
  /** This node leads the partition. */
  serves(partition: PartitionId): boolean;
  publish(subject: string, payload: Uint8Array | string, position: string): void;
  position(partition: PartitionId, index: number): string;
}

/**
 * Every committed event as a plain message on `evt.<namespace>.<kind>.<id>`, published by the
 * leader: at most once. Around a change of leader an event can be missing, or come twice with the
 * same `Metad-Position`; who needs all of them opens a watch, or asks `Catchup`.
 */
export class EventFeed {
  constructor(
    private readonly subjects: Subjects,
    private readonly ports: FeedPorts,
  ) {}

  publishes(partition: PartitionId): boolean {
    return this.ports.serves(partition);
  }

  publish(entry: AppliedEntry, { change, id, open }: ChangeText): void {
    const subject = this.subjects.event(change.namespace, change.kind, id);
    const position = this.ports.position(entry.partition, entry.index);
    this.ports.publish(subject, `${open}}`, position);
  }
}
