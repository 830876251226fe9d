import { formatPosition } from '@metad/contract';
import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { WatchedRecords } from './watch-ports.js';

/** A change as text, made once however many watchers get it. */
export interface ChangeText {
  readonly change: RecordChange;
  readonly id: string;
  /** The message without its chain and closing brace. */
  readonly open: string;
  /** The whole message as it was sent last: watchers with equal filters get the same one. */
  sent: { readonly previous: number; readonly more: boolean; readonly bytes: Uint8Array } | null;
}

/** Texts kept, so that many watchers that have fallen behind do not have each made again. */
const textsMax = 4_096;

/**
 * The messages of a watch. `previous` is the position of the event before it in the same partition
 * that passed the filter, or the position at which the watch began there: whoever has seen
 * everything up to `previous` has missed nothing. An entry can hold several events (a batch): all
 * but the last of them that pass carry `more: true`, since the entry's position is complete only
 * with the last.
 */
export class WatchMessages {
  /** The newest texts, oldest first. */
  private readonly texts = new Map<RecordChange, ChangeText>();

  constructor(
    private readonly records: WatchedRecords,
    private readonly incarnation: () => string,
  ) {}

  position(partition: PartitionId, index: number): string {
    return formatPosition(this.incarnation(), partition, index);
  }

  changeText(entry: AppliedEntry, change: RecordChange): ChangeText {
    const known = this.texts.get(change);
    if (known !== undefined) return known;
    const text = this.newText(entry, change);
    this.texts.set(change, text);
    if (this.texts.size > textsMax) {
      for (const oldest of this.texts.keys()) {
        this.texts.delete(oldest);
        break;
      }
    }
    return text;
  }

  change(text: ChangeText, partition: PartitionId, previous: number, more: boolean): Uint8Array {
    const { sent } = text;
    if (sent?.previous === previous && sent.more === more) return sent.bytes;
    const chain = `,"previous":"${this.position(partition, previous)}"`;
    const bytes = Buffer.from(`${text.open}${chain}${more ? ',"more":true}' : '}'}`);
    text.sent = { previous, more, bytes };
    return bytes;
  }

  snapshot(record: StoredRecord, partition: PartitionId, index: LogIndex): Uint8Array {
    const position = this.position(partition, index);
    return encode({ event: 'snapshot', record: this.records.toBody(record), position });
  }

  snapshotEnd(position: string): Uint8Array {
    return encode({ event: 'snapshot-end', position });
  }

  /** `messages`: how many this watch was sent before, so that a loss on the way shows. */
  progress(position: string, messages: number): Uint8Array {
    return encode({ event: 'progress', position, messages });
  }

  /** `available`: where a new watch can go on without a hole; null when only a snapshot can. */
  reset(reason: ResetReason, available: string | null): Uint8Array {
    return encode({ event: 'reset', reason, available });
  }

  private newText(entry: AppliedEntry, change: RecordChange): ChangeText {
    const { kind, namespace, key, type, data, before, after } = change;
    const id = this.records.idOf(kind, key);
    const body = {
      event: 'change',
      type,
      data,
      kind,
      namespace,
      id,
      ...(before !== null && { before: this.records.toBody(before) }),
      record: after === null ? null : this.records.toBody(after),
      position: this.position(entry.partition, entry.index),
      time: new Date(entry.time).toISOString(),
      commandId: entry.commandId,
      actor: entry.actor,
    };
    return { change, id, open: JSON.stringify(body).slice(0, -1), sent: null };
  }
}

/**
 * Why a watch ended. After the first three it can go on with another one from the last position
 * that the consumer has; after the others only from a snapshot.
 */
export type ResetReason =
  | 'SLOW_CONSUMER'
  | 'NODE_STOPPING'
  | 'CONNECTION_LOST'
  | 'POSITION_COMPACTED'
  | 'INCARNATION_CHANGED';

const encode = (body: object): Uint8Array => Buffer.from(JSON.stringify(body));
