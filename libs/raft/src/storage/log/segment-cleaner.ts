import type { LogIndex, PartitionId } from '@metad/foundation';
import { logIndex } from '@metad/foundation';
import type { BatchWriter } from './write/batch-writer.js';
import type { PartitionLog } from './partition/partition-log.js';
import type { RecordEncoder } from './write/record-encoder.js';
import type { RecordReader } from './record-reader.js';
import { Slot } from './partition/record-slots.js';
import type { SegmentUse } from './partition/segment-use.js';
import type { Segments } from './segments.js';

/** Segments that may hold nothing useful before live records are moved to set them free. */
const SLACK_SEGMENTS = 4;
const MOVE_BYTES = 1024 * 1024;

/**
 * Removes old segments. One goes when nobody needs it; and when most of the log is dead weight
 * behind one that an idle partition holds, that partition's few live records are written again at
 * the head of the log. So the log takes at most about twice its live bytes and a few segments.
 */
export class SegmentCleaner {
  private running: Promise<void> | null = null;
  private again = false;
  private readonly slot = new Slot();
  /** Why cleaning stopped: the log goes on, but its old segments stay. */
  fault: string | null = null;

  constructor(
    private readonly segments: Segments,
    private readonly use: SegmentUse,
    private readonly writer: BatchWriter,
    private readonly encoder: RecordEncoder,
    private readonly reader: RecordReader,
    private readonly partitions: ReadonlyMap<PartitionId, PartitionLog>,
  ) {}

  /** Looks for work, in the background, once at a time. */
  wake(): void {
    this.again = true;
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  async settle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private async run(): Promise<void> {
    try {
      while (this.again && this.fault === null && this.writer.failure === null) {
        this.again = false;
        while (this.oldestCanGo()) await this.cleanOldest();
      }
    } catch (fault) {
      this.fault = fault instanceof Error ? fault.message : String(fault);
    }
  }

  private oldestCanGo(): boolean {
    if (this.segments.count < 2) return false;
    if (!this.use.isNeeded(this.segments.oldestSequence())) return true;
    const slack = SLACK_SEGMENTS * this.segments.bytesPerSegment;
    return this.segments.bytesOnDisk > 2 * this.use.liveBytes + slack;
  }

  private async cleanOldest(): Promise<void> {
    const oldest = this.segments.oldestSequence();
    for (const log of [...this.partitions.values()]) await this.moveOut(log, oldest);
    // What made the segment superfluous must be as durable as its removal.
    await this.writer.flushed(true);
    if (this.use.isNeeded(oldest)) return;
    this.segments.dropOldest();
    this.use.forget(oldest);
    await this.segments.syncDirectory();
  }

  private async moveOut(log: PartitionLog, segment: number): Promise<void> {
    if (log.standingSegment === segment) {
      this.encoder.restate(log, false);
      this.writer.start();
    }
    let moved = 0;
    for (;;) {
      const position = log.slots.firstInSegment(segment);
      if (position < 0) return;
      log.slots.get(position, this.slot);
      moved += this.slot.length;
      this.moveRecord(log);
      this.writer.start();
      if (moved < MOVE_BYTES) continue;
      moved = 0;
      await this.writer.flushed(false);
    }
  }

  private moveRecord(log: PartitionLog): void {
    const { slot } = this;
    const { first } = slot;
    const from: LogIndex = logIndex(Math.max(first, log.firstIndex()));
    const held = this.reader.entriesAt(slot, log.partition);
    this.encoder.move(log, held.slice(from - first, slot.count));
  }
}
