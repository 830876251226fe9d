import { invariant, logIndex } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { Entry, HardState } from '../../../core/index.js';
import { writeEntries } from '../../../codec/index.js';
import type { PartitionWrite } from '../../log-port.js';
import type { Batch } from './batch.js';
import type { BatchWriter } from './batch-writer.js';
import type { PartitionLog } from '../partition/partition-log.js';
import {
  FLAG_ONE_TERM,
  FLAG_RESTATED,
  FLAG_SUSPECT,
  RECORD_HEADER_BYTES,
  RecordHeader,
  RecordType,
  sealRecord,
} from '../format/record.js';
import { Slot } from '../partition/record-slots.js';
import { writeStanding, writeVote } from '../format/standing.js';

/** A record of entries ends here, so that reading one entry back stays cheap. */
const RECORD_BYTES_MAX = 128 * 1024;
const RECORD_ENTRIES_MAX = 4096;
/** Upper bounds on what the encodings add. */
const ENTRY_EXTRA_BYTES = 24;
const STANDING_BYTES = 512;
const NAME_BYTES = 256;

/**
 * Turns what a partition adds into records of the current batch, and moves the partition's picture
 * in memory along. One partition's additions never straddle two batches: they survive together.
 * A fault while encoding leaves half a record in the batch, so it ends the log.
 */
export class RecordEncoder {
  private readonly header = new RecordHeader();
  private readonly slot = new Slot();

  constructor(private readonly writer: BatchWriter) {}

  write(log: PartitionLog, write: PartitionWrite): void {
    try {
      this.additions(log, write);
    } catch (fault) {
      throw this.writer.abort(fault);
    }
  }

  /** States in full where the partition stands; `restated` after damage. */
  restate(log: PartitionLog, restated: boolean): void {
    try {
      this.standing(this.writer.room(confBytes(log) + STANDING_BYTES), log, restated);
    } catch (fault) {
      throw this.writer.abort(fault);
    }
  }

  /** Writes a record's entries again, so that the segment they lie in can go. */
  move(log: PartitionLog, entries: readonly Entry[]): void {
    try {
      const batch = this.writer.room(entriesBytesBound(entries));
      this.run(batch, log, entries, 0, entries.length, RecordType.moved);
      log.moved(this.slot);
    } catch (fault) {
      throw this.writer.abort(fault);
    }
  }

  private additions(log: PartitionLog, write: PartitionWrite): void {
    const batch = this.writer.room(writeBytesBound(write));
    if (write.snapshot !== null) {
      log.restart(write.snapshot);
      this.standing(batch, log, false);
    }
    if (write.entries.length > 0) this.entries(batch, log, write.entries);
    if (write.hardState !== null) {
      log.hardState = write.hardState;
      this.hardState(batch, log, write.hardState);
    }
  }

  private entries(batch: Batch, log: PartitionLog, entries: readonly Entry[]): void {
    const first = (entries[0] as Entry).index;
    invariant(first <= log.lastIndex() + 1, 'new entries leave no hole');
    if (first <= log.lastIndex()) this.truncate(batch, log, logIndex(first - 1));
    log.append(entries, batch.number);
    let from = 0;
    let bytes = 0;
    for (let at = 0; at < entries.length; at += 1) {
      bytes += (entries[at] as Entry).data.length + ENTRY_EXTRA_BYTES;
      const full = bytes >= RECORD_BYTES_MAX || at - from + 1 === RECORD_ENTRIES_MAX;
      if (!full && at < entries.length - 1) continue;
      this.run(batch, log, entries, from, at + 1, RecordType.entries);
      log.slots.push(this.slot);
      from = at + 1;
      bytes = 0;
    }
  }

  private truncate(batch: Batch, log: PartitionLog, last: LogIndex): void {
    log.truncate(last);
    const at = batch.writer.skip(RECORD_HEADER_BYTES);
    const { header } = this;
    this.begin(log, RecordType.truncate);
    header.index = last;
    sealRecord(batch.writer, at, header, batch.seed);
  }

  /** One record with entries [from, to); leaves its place in `slot`. */
  private run(
    batch: Batch,
    log: PartitionLog,
    entries: readonly Entry[],
    from: number,
    to: number,
    type: number,
  ): void {
    const { header, slot } = this;
    const { writer } = batch;
    const offset = batch.end;
    const at = writer.skip(RECORD_HEADER_BYTES);
    writeEntries(writer, entries, from, to);
    const firstEntry = entries[from] as Entry;
    const lastTerm = (entries[to - 1] as Entry).term;
    this.begin(log, type);
    // Terms never fall along a log, so equal ends mean one term.
    header.flags = firstEntry.term === lastTerm ? FLAG_ONE_TERM : 0;
    header.count = to - from;
    header.index = firstEntry.index;
    header.term = lastTerm;
    sealRecord(writer, at, header, batch.seed);
    slot.first = firstEntry.index;
    slot.count = to - from;
    slot.segment = batch.segment;
    slot.offset = offset;
    slot.length = batch.end - offset;
  }

  private hardState(batch: Batch, log: PartitionLog, hardState: HardState): void {
    const { header } = this;
    const at = batch.writer.skip(RECORD_HEADER_BYTES);
    writeVote(batch.writer, hardState);
    this.begin(log, RecordType.hardState);
    header.index = hardState.commit;
    header.term = hardState.term;
    sealRecord(batch.writer, at, header, batch.seed);
  }

  private standing(batch: Batch, log: PartitionLog, restated: boolean): void {
    const { header } = this;
    const standing = log.standing();
    const at = batch.writer.skip(RECORD_HEADER_BYTES);
    writeStanding(batch.writer, standing);
    this.begin(log, RecordType.standing);
    header.flags = restated ? FLAG_RESTATED : 0;
    if (standing.damage?.kind === 'suspect') header.flags |= FLAG_SUSPECT;
    header.index = standing.last;
    header.term = standing.lastTerm;
    sealRecord(batch.writer, at, header, batch.seed);
    log.movedStanding(batch.segment);
  }

  private begin(log: PartitionLog, type: number): void {
    const { header } = this;
    log.sequence = (log.sequence + 1) >>> 0;
    header.type = type;
    header.flags = 0;
    header.count = 0;
    header.partition = log.partition;
    header.sequence = log.sequence;
    header.index = 0;
    header.term = 0;
  }
}

function entriesBytesBound(entries: readonly Entry[]): number {
  let bytes = RECORD_HEADER_BYTES * 2;
  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at] as Entry;
    bytes += entry.data.length + ENTRY_EXTRA_BYTES;
    if (entry.change !== null) bytes += (entry.change.steps.length + 1) * NAME_BYTES;
  }
  const records = Math.ceil(bytes / RECORD_BYTES_MAX) + entries.length / RECORD_ENTRIES_MAX + 1;
  return bytes + records * RECORD_HEADER_BYTES;
}

function writeBytesBound(write: PartitionWrite): number {
  const standing = write.snapshot === null ? 0 : STANDING_BYTES + membersBytes(write.snapshot.conf);
  const hardState = write.hardState === null ? 0 : RECORD_HEADER_BYTES + NAME_BYTES;
  return standing + hardState + entriesBytesBound(write.entries);
}

const confBytes = (log: PartitionLog): number =>
  membersBytes(log.snapshotMeta.conf) + (log.damage?.reason.length ?? 0) * 3;

function membersBytes(conf: PartitionLog['snapshotMeta']['conf']): number {
  const { voters, votersOutgoing, learners, learnersNext } = conf;
  const members = [voters, votersOutgoing, learners, learnersNext];
  return members.reduce((sum, names) => sum + names.length * NAME_BYTES, 0);
}
