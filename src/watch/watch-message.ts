import { formatPosition } from '@metad/contract';
import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { ChangeText } from './change-text.js';
import { KeptTexts, type KeptTextsLimits } from './session/kept-texts.js';
import type { WatchedRecords } from './watch-ports.js';

/**
 * The messages of a watch. `previous` is the position of the event before it in the same partition
 * that passed the filter, or the position at which the watch began there: whoever has seen
 * everything up to `previous` has missed nothing. An entry can hold several events (a batch): all
 * but the last of them that pass carry `more: true`, since the entry's position is complete only
 * with the last.
 */
export class WatchMessages {
  private readonly kept: KeptTexts;

  constructor(
    private readonly records: WatchedRecords,
    private readonly incarnation: () => string,
    limits?: KeptTextsLimits,
  ) {
    this.kept = new KeptTexts(limits);
  }

  position(partition: PartitionId, index: number): string {
    return formatPosition(this.incarnation(), partition, index);
  }

  /** For those who follow the head: whoever needs the change gets it in this turn. */
  liveText(entry: AppliedEntry, change: RecordChange): ChangeText {
    return new ChangeText(entry, change, this.position(entry.partition, entry.index), this.records);
  }

  /** For those who are behind: one of many may ask for the same change a little later. */
  keptText(entry: AppliedEntry, change: RecordChange): ChangeText {
    const known = this.kept.of(change);
    if (known !== undefined) return known;
    const text = this.liveText(entry, change);
    this.kept.add(text);
    return text;
  }

  /** Nobody is behind any more: what was kept would only be in the way of the collector. */
  forgetKept(): void {
    this.kept.clear();
  }

  change(text: ChangeText, partition: PartitionId, previous: number, more: boolean): Uint8Array {
    const { sent } = text;
    if (sent?.previous === previous && sent.more === more) return sent.bytes;
    const last = more ? ',"more":true}' : '}';
    const chain = `,"previous":"${this.position(partition, previous)}"${last}`;
    const bytes = text.continuedBy(chain);
    text.sent = { previous, more, bytes };
    this.kept.madeFrom(text);
    return bytes;
  }

  snapshot(record: StoredRecord, partition: PartitionId, index: LogIndex): Uint8Array {
    const position = this.position(partition, index);
    const body = this.records.bodyText(record);
    return Buffer.from(`{"event":"snapshot","record":${body},"position":"${position}"}`);
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
