import { logIndex, term } from '@metad/foundation';
import type { Damage } from '../../log-port.js';
import { ByteReader, readEntries } from '../../../codec/index.js';
import type { PartitionLog } from '../partition/partition-log.js';
import {
  FLAG_ONE_TERM,
  FLAG_RESTATED,
  FLAG_SUSPECT,
  RECORD_HEADER_BYTES,
  RecordType,
} from '../format/record.js';
import type { RecordHeader } from '../format/record.js';
import { Slot } from '../partition/record-slots.js';
import { segmentName } from '../segments.js';
import { readStanding, readVote } from '../format/standing.js';

const slot = new Slot();
const reader = new ByteReader(new Uint8Array(0));

/** A record as found on disk. */
export interface FoundRecord {
  readonly header: RecordHeader;
  readonly bytes: Uint8Array;
  readonly offset: number;
  readonly segment: number;
}

const placeOf = (record: FoundRecord): string =>
  `${segmentName(record.segment)} offset ${record.offset}`;

/**
 * One partition while its records are replayed: applies them as long as none is missing, and
 * remembers why it stopped. Older segments may be gone, so the beginning is unknown until a
 * standing says where the partition stands.
 */
export class ReplayedPartition {
  private anchored = false;
  private started = false;
  private doubted: Damage | null = null;
  /** Set when records are missing: what follows is not applied until a restatement. */
  private loss: Damage | null = null;
  private termSeen = 0;

  constructor(readonly log: PartitionLog) {}

  /** Nothing says where it begins: its members and its first index are unknown. */
  get isBeheaded(): boolean {
    return !this.anchored;
  }

  /** The record's header is sound, its body is not. */
  lose(header: RecordHeader, damage: Damage): void {
    this.log.sequence = header.sequence;
    this.started = true;
    this.doubted = null;
    this.loss ??= damage;
  }

  /** Some records of unknown partitions are lost: this one's next record clears or proves it. */
  doubt(damage: Damage): void {
    this.doubted ??= damage;
  }

  apply(record: FoundRecord): void {
    const { header } = record;
    const { log } = this;
    const isStanding = header.type === RecordType.standing;
    const restated = isStanding && (header.flags & FLAG_RESTATED) !== 0;
    const expected = (log.sequence + 1) >>> 0;
    if (this.started && header.sequence !== expected && !restated) {
      this.fail(this.doubted?.reason ?? `records are missing before ${placeOf(record)}`);
    }
    log.sequence = header.sequence;
    this.started = true;
    this.doubted = null;
    if (restated) this.loss = null;
    if (header.type !== RecordType.truncate) {
      this.termSeen = Math.max(this.termSeen, header.term);
    }
    if (this.loss === null) this.absorb(record);
  }

  private absorb(record: FoundRecord): void {
    const { header } = record;
    const { log } = this;
    const bodyAt = record.offset + RECORD_HEADER_BYTES;
    reader.reset(record.bytes, bodyAt, bodyAt + header.bodyBytes);
    switch (header.type) {
      case RecordType.entries:
      case RecordType.moved:
        this.place(record);
        break;
      case RecordType.truncate:
        log.replayTruncate(header.index);
        break;
      case RecordType.hardState:
        log.hardState = readVote(reader, header.term, header.index);
        break;
      case RecordType.standing:
        log.replayStanding(
          readStanding(reader, header.index, header.term, (header.flags & FLAG_SUSPECT) !== 0),
        );
        log.movedStanding(record.segment);
        this.anchored = true;
        break;
      default:
        this.fail(`a record of unknown type ${header.type} at ${placeOf(record)}`);
    }
  }

  private place(record: FoundRecord): void {
    const { header } = record;
    const { log } = this;
    if (header.type === RecordType.entries && this.anchored) {
      if (header.index > log.lastIndex() + 1) {
        const gap = `${log.lastIndex() + 1} … ${header.index - 1}`;
        this.fail(`entries ${gap} are missing at ${placeOf(record)}`);
        return;
      }
    }
    slot.first = header.index;
    slot.count = header.count;
    slot.segment = record.segment;
    slot.offset = record.offset;
    slot.length = RECORD_HEADER_BYTES + header.bodyBytes;
    if (header.type === RecordType.entries) log.replayEntries(slot, header.term);
    else log.replayMoved(slot, header.term);
    if (header.flags === FLAG_ONE_TERM) return;
    for (const entry of readEntries(reader)) log.replayTerm(entry.index, entry.term);
  }

  /**
   * The verdict when everything is read. True when damage was found that the log does not state
   * yet: what cannot be trusted is cut off, and the new standing must be written.
   */
  finish(): boolean {
    const { log } = this;
    if (!this.anchored) this.fail('the segments with its beginning are missing');
    const covered = log.slots.coveredFrom(log.firstIndex());
    if (covered < log.lastIndex()) {
      this.fail(`entries ${covered + 1} … ${log.lastIndex()} are in no segment`);
    }
    this.loss ??= this.doubted;
    if (this.loss === null) return false;
    this.cutToTrust(Math.min(covered, log.lastIndex()));
    if (log.damage?.kind !== 'corrupt') log.damage = this.loss;
    return true;
  }

  private fail(reason: string): void {
    this.loss ??= { kind: 'corrupt', reason };
  }

  private cutToTrust(covered: number): void {
    const { log } = this;
    if (covered < log.snapshot().index || !this.anchored) log.restart(log.snapshot());
    else log.truncate(logIndex(covered));
    const { hardState } = log;
    log.hardState = {
      term: term(Math.max(hardState.term, this.termSeen)),
      vote: null,
      commit: logIndex(Math.min(hardState.commit, log.lastIndex())),
    };
  }
}
