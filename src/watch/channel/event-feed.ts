import type { Subjects } from '@metad/contract';
import type { AppliedEntry } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { EventSource } from '../../dispatch/event-source.js';
import type { WatchMessages } from '../watch-message.js';

export interface FeedPorts {
  /** This node leads the partition. */
  serves(partition: PartitionId): boolean;
  publish(subject: string, payload: Uint8Array, position: string): void;
  /** An event could not be published; the next ones may be. */
  onUnexpected(error: unknown): void;
}

/**
 * Every committed event as a plain message on `evt.<namespace>.<kind>.<id>`, published by the
 * leader: at most once. Around a change of leader an event can be missing, or come twice with the
 * same `Metad-Position`; who needs all of them opens a watch, or asks `Catchup`.
 *
 * Nobody knows here whether anybody listens, so this must cost next to nothing. Events hold less
 * than what watchers get: not the record before. And they are made in the turn that applies their
 * entry: its texts have just been written for the outcome or will be for the answer, which leaves
 * in the same write to the broker.
 */
export class EventFeed {
  private stopListening: (() => void) | null = null;

  constructor(
    private readonly source: EventSource,
    private readonly subjects: Subjects,
    private readonly messages: WatchMessages,
    private readonly ports: FeedPorts,
  ) {}

  start(): void {
    this.stopListening = this.source.onApplied((entry) => this.take(entry));
  }

  stop(): void {
    this.stopListening?.();
    this.stopListening = null;
  }

  /** Never throws: the caller is the node that has just applied the entry. */
  private take(entry: AppliedEntry): void {
    if (entry.changes.length === 0 || !this.ports.serves(entry.partition)) return;
    try {
      this.publish(entry);
    } catch (error) {
      this.ports.onUnexpected(error);
    }
  }

  private publish(entry: AppliedEntry): void {
    for (const change of entry.changes) {
      const text = this.messages.liveText(entry, change);
      const subject = this.subjects.event(change.namespace, change.kind, text.id);
      this.ports.publish(subject, text.plainBytes, text.position);
    }
  }
}
