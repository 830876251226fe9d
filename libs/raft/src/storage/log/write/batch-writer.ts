import { invariant } from '@metad/foundation';
import type { Clock } from '@metad/foundation';
import { LogFailure } from '../../log-port.js';
import { Batch } from './batch.js';
import { MARK_PAGE_BYTES, MARK_SLOTS, MarkPage, marksAt } from '../format/mark.js';
import { BATCH_RECORD_BYTES, BatchClaim, sealBatch, seedOf } from '../format/record.js';
import type { Segment, Segments } from '../segments.js';
import { SEGMENT_HEADER_BYTES } from '../segments.js';
import type { SyncPace } from './sync-pace.js';

/** A batch beyond this is closed and another begun, so that no buffer grows without end. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;
/** So long after a write, a log that is idle seals itself. */
const SEAL_AFTER_MS = 100;

export interface Position {
  readonly segment: number;
  readonly offset: number;
}

/**
 * Gathers records while the last write is under way, then puts them down with one write and one
 * sync. The place of a record is known when it is encoded: batches are laid out one after another,
 * and a batch that would not fit in its segment begins the next one.
 *
 * Every batch testifies that the ones before it are durable. For the last one a mark does, which is
 * made durable by the same sync (see `mark.ts`). A log that falls idle or is closed also adds an
 * empty batch, the seal: from then on a damaged last batch is known to be damage, and not a write
 * that a crash tore.
 */
export class BatchWriter {
  private open: Batch | null = null;
  private closed: Batch[] = [];
  private readonly spare: Batch[] = [];
  private active: Segment | null = null;
  private running = false;
  private dirty = false;
  private nextNumber: number;
  private nextSegment: number;
  private nextOffset: number;
  private durable: Position;
  private readonly claim = new BatchClaim();
  /** Where the newest batch with records ends in the active segment, and what its marks say. */
  private recordsEnd = 0;
  private markedEnd = 0;
  private marks = 0;
  private readonly markPage = new MarkPage();
  private idle: (() => void)[] = [];
  private sealTimer: (() => void) | null = null;
  private sealedBatch: number;
  failure: LogFailure | null = null;
  writtenBatch: number;
  bytesWritten = 0;
  syncs = 0;
  /** Called after a new segment was begun. */
  onRotate: () => void = () => undefined;

  /** `durable` is where a recovered log ends; writing begins with a new segment behind it. */
  constructor(
    private readonly segments: Segments,
    private readonly clock: Clock,
    private readonly pace: SyncPace,
    durable: Position,
    lastBatch: number,
  ) {
    this.durable = durable;
    this.nextNumber = lastBatch + 1;
    this.writtenBatch = lastBatch;
    this.sealedBatch = lastBatch;
    this.nextSegment = durable.segment + 1;
    this.nextOffset = SEGMENT_HEADER_BYTES;
  }

  /** The batch to put the next records into, which take up to `bytes`. */
  room(bytes: number): Batch {
    const { open } = this;
    if (open !== null && open.isEmpty) {
      this.place(open, bytes);
      return open;
    }
    if (open !== null && this.fits(open, bytes)) return open;
    if (open !== null) this.close(open);
    const batch = this.spare.pop() ?? new Batch();
    batch.begin(this.nextNumber);
    this.nextNumber += 1;
    this.place(batch, bytes);
    this.open = batch;
    return batch;
  }

  private fits(batch: Batch, bytes: number): boolean {
    return (
      batch.end + bytes <= this.segments.bytesPerSegment &&
      batch.writer.length + bytes <= BATCH_BYTES_MAX
    );
  }

  /** Behind the last batch if `bytes` fit there, else first in the next segment. */
  private place(batch: Batch, bytes: number): void {
    const end = this.nextOffset + BATCH_RECORD_BYTES + bytes;
    if (end > this.segments.bytesPerSegment && this.nextOffset > SEGMENT_HEADER_BYTES) {
      this.nextSegment += 1;
      this.nextOffset = SEGMENT_HEADER_BYTES;
    }
    const seed = seedOf(this.segments.salt, this.nextSegment);
    batch.place(this.nextSegment, this.nextOffset, seed);
  }

  private close(batch: Batch): void {
    this.closed.push(batch);
    this.open = null;
    this.nextOffset = batch.end;
  }

  /** Resolves when everything encoded so far is written and, if `sync`, durable. */
  flushed(sync: boolean): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.open === null && !this.running && !(sync && this.dirty)) return Promise.resolve();
    const batch = this.room(0);
    batch.sync ||= sync;
    const flushed = new Promise<void>((resolve, reject) => {
      batch.waiters.push({ resolve, reject });
    });
    this.start();
    return flushed;
  }

  /** Puts a first batch behind what was recovered: it testifies that all of that is durable. */
  async begin(): Promise<void> {
    const first = this.room(0);
    if (first.isEmpty) this.sealedBatch = first.number;
    await this.flushed(true);
  }

  /** Sees to it that what was encoded gets written soon, without a sync of its own. */
  start(): void {
    if (this.running || this.failure !== null) return;
    this.running = true;
    queueMicrotask(() => void this.run());
  }

  /** Writes the seal, unless the last batch is one or something is about to follow it. */
  seal(sync: boolean): Promise<void> {
    this.sealTimer?.();
    this.sealTimer = null;
    if (this.failure !== null || this.open !== null || this.running) return this.settle();
    if (this.sealedBatch === this.writtenBatch) return Promise.resolve();
    const sealed = this.room(0);
    this.sealedBatch = sealed.number;
    sealed.sync = sync;
    this.start();
    return this.settle();
  }

  private sealSoon(): void {
    if (this.sealTimer !== null || this.sealedBatch === this.writtenBatch) return;
    const before = this.writtenBatch;
    this.sealTimer = this.clock.after(SEAL_AFTER_MS, () => {
      this.sealTimer = null;
      if (before === this.writtenBatch) void this.seal(false);
      else this.sealSoon();
    });
  }

  /** Resolves when nothing is under way. */
  async settle(): Promise<void> {
    if (this.running) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private async run(): Promise<void> {
    try {
      while (this.open !== null || this.closed.length > 0) {
        if (this.open !== null) this.close(this.open);
        const batches = this.closed;
        this.closed = [];
        if (this.failure === null) await this.put(batches);
        else this.fail(this.failure, batches);
      }
      if (this.failure === null) this.sealSoon();
    } finally {
      this.running = false;
      for (const resolve of this.idle.splice(0)) resolve();
    }
  }

  /** One round: all gathered batches, then one sync if one of them wants it. Never throws. */
  private async put(batches: Batch[]): Promise<void> {
    try {
      let sync = false;
      for (const batch of batches) {
        if (batch.segment !== this.active?.sequence) await this.rotate(batch.segment);
        this.write(batch);
        sync ||= batch.sync;
      }
      if (sync) await this.sync();
    } catch (fault) {
      this.fail(fault, batches);
      return;
    }
    for (const batch of batches) {
      for (const waiter of batch.waiters) waiter.resolve();
      if (this.spare.length < 2) this.spare.push(batch);
    }
  }

  private write(batch: Batch): void {
    const { claim, active } = this;
    invariant(active?.sequence === batch.segment, 'a batch goes into the segment it was laid in');
    const { writer } = batch;
    claim.number = batch.number;
    claim.bytes = writer.length - BATCH_RECORD_BYTES;
    claim.durableSegment = this.durable.segment;
    claim.durableOffset = this.durable.offset;
    sealBatch(writer, claim, batch.seed);
    active.file.write(writer.view(), batch.offset);
    active.end = batch.end;
    this.dirty = true;
    this.bytesWritten += writer.length;
    this.writtenBatch = batch.number;
    if (claim.bytes > 0) this.recordsEnd = batch.end;
  }

  private async sync(): Promise<void> {
    const { active, clock, pace } = this;
    if (active === null || !this.dirty) return;
    const started = clock.monotonic();
    const { end } = active;
    this.mark(active);
    if (pace.blocking()) active.file.syncBlocking();
    else await active.file.sync();
    pace.note(clock.monotonic() - started);
    this.dirty = false;
    this.syncs += 1;
    this.durable = { segment: active.sequence, offset: end };
  }

  /** Into the slot whose mark is the older one. */
  private mark({ file, sequence }: Segment): void {
    if (this.markedEnd === this.recordsEnd) return;
    const { salt, bytesPerSegment } = this.segments;
    const slot = marksAt(bytesPerSegment) + (this.marks % MARK_SLOTS) * MARK_PAGE_BYTES;
    file.write(this.markPage.encode(this.recordsEnd, seedOf(salt, sequence)), slot);
    this.markedEnd = this.recordsEnd;
    this.marks += 1;
  }

  /** A segment is durable before the next one begins, so that only the last can be torn. */
  private async rotate(sequence: number): Promise<void> {
    await this.sync();
    this.active = await this.segments.take(sequence);
    this.recordsEnd = 0;
    this.markedEnd = 0;
    void this.segments.prepare(sequence + 1);
    this.onRotate();
  }

  /** A batch holds half a record: nothing more is written. Returns the failure. */
  abort(fault: unknown): LogFailure {
    this.fail(fault, []);
    return this.failure ?? new LogFailure('the log cannot be written any more');
  }

  private fail(fault: unknown, batches: Batch[]): void {
    const message = fault instanceof Error ? fault.message : String(fault);
    this.failure ??= new LogFailure(`the log cannot be written any more: ${message}`, {
      cause: fault,
    });
    if (this.open !== null) this.close(this.open);
    for (const batch of [...batches, ...this.closed]) {
      for (const waiter of batch.waiters) waiter.reject(this.failure);
    }
    this.closed = [];
  }
}
