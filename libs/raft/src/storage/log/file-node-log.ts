import { invariant } from '@metad/foundation';
import type { Clock, LogIndex, PartitionId, Term } from '@metad/foundation';
import type { HardState, SnapshotMeta, StoredLog } from '../../core/index.js';
import type { Archive } from '../archive-port.js';
import type {
  Damage,
  LogStats,
  NodeLog,
  PartitionWrite,
  RecoveredPartition,
  RecoveryReport,
} from '../log-port.js';
import type { BatchWriter } from './write/batch-writer.js';
import { Archiver } from './archiver.js';
import type { DiskWatch } from './disk-watch.js';
import { PartitionLog } from './partition/partition-log.js';
import type { RecordEncoder } from './write/record-encoder.js';
import type { RecordReader } from './record-reader.js';
import type { SegmentCleaner } from './segment-cleaner.js';
import type { SegmentUse } from './partition/segment-use.js';
import type { Segments } from './segments.js';
import type { SyncPace } from './write/sync-pace.js';
import type { TailBudget } from './partition/tail-budget.js';

/** The parts a log is made of; `open-node-log.ts` puts them together. */
export interface LogParts {
  readonly segments: Segments;
  readonly use: SegmentUse;
  readonly budget: TailBudget;
  readonly reader: RecordReader;
  readonly writer: BatchWriter;
  readonly encoder: RecordEncoder;
  readonly cleaner: SegmentCleaner;
  readonly pace: SyncPace;
  readonly logs: Map<PartitionId, PartitionLog>;
  readonly report: RecoveryReport;
  readonly disk: DiskWatch;
  readonly clock: Clock;
  /** Null when nothing is archived: what is compacted is gone. */
  readonly archive: Archive | null;
  readonly release: () => void;
}

const LOST: Readonly<Record<Damage['kind'], string>> = {
  corrupt: 'records of unknown partitions were lost in this log',
  suspect: 'the newest records of this log may be lost, of which partitions is unknown',
};

/**
 * The log on disk. `append` encodes into the batch that gathers and moves the picture in memory
 * along, in one synchronous step; the batch writer makes it durable.
 */
export class FileNodeLog implements NodeLog {
  private entriesWritten = 0;
  private closed = false;
  private readonly archiver: Archiver | null;
  private readonly found: readonly RecoveredPartition[];

  constructor(private readonly parts: LogParts) {
    const { archive, clock, writer, cleaner } = parts;
    writer.onRotate = () => cleaner.wake();
    this.archiver =
      archive &&
      new Archiver(archive, clock, (log, upTo) => this.drop(log, log.snapshotMeta, upTo));
    this.found = [...parts.logs.values()]
      .sort((a, b) => a.partition - b.partition)
      .map((log) => ({
        partition: log.partition,
        hardState: log.hardState,
        snapshot: log.snapshotMeta,
        state: log.damage?.kind ?? 'sound',
        reason: log.damage?.reason ?? null,
      }));
  }

  recovered(): readonly RecoveredPartition[] {
    return this.found;
  }

  report(): RecoveryReport {
    return this.parts.report;
  }

  create(partition: PartitionId, snapshot: SnapshotMeta): void {
    const { logs, reader, budget, use, encoder, writer, report } = this.parts;
    invariant(!logs.has(partition), 'a partition is created once');
    const log = new PartitionLog(partition, reader, budget, use);
    log.restart(snapshot);
    const { unattributed: kind } = report;
    if (kind !== null) log.damage = { kind, reason: LOST[kind] };
    logs.set(partition, log);
    encoder.restate(log, kind !== null);
    writer.start();
  }

  partition(partition: PartitionId): StoredLog {
    return this.log(partition);
  }

  damageOf(partition: PartitionId): Damage | null {
    return this.log(partition).damage;
  }

  async condemn(partition: PartitionId, base: SnapshotMeta, reason: string): Promise<void> {
    const log = this.log(partition);
    log.restart(base);
    log.hardState = { term: log.hardState.term, vote: null, commit: base.index };
    log.damage = { kind: 'corrupt', reason };
    this.parts.encoder.restate(log, true);
    await this.parts.writer.flushed(true);
  }

  async heal(partition: PartitionId, hardState: HardState): Promise<void> {
    const log = this.log(partition);
    log.damage = null;
    log.hardState = hardState;
    this.parts.encoder.restate(log, true);
    await this.parts.writer.flushed(true);
  }

  append(writes: readonly PartitionWrite[], sync: boolean): Promise<void> {
    const { writer, encoder, budget } = this.parts;
    if (writer.failure !== null) return Promise.reject(writer.failure);
    invariant(!this.closed, 'nothing is appended after close');
    for (let at = 0; at < writes.length; at += 1) {
      const write = writes[at] as PartitionWrite;
      encoder.write(this.log(write.partition), write);
      this.entriesWritten += write.entries.length;
    }
    budget.evict(writer.writtenBatch);
    return writer.flushed(sync);
  }

  compact(partition: PartitionId, snapshot: SnapshotMeta, upTo: LogIndex): void {
    const log = this.log(partition);
    invariant(upTo <= snapshot.index, 'only what the snapshot covers is compacted');
    invariant(upTo <= log.lastIndex(), 'compaction ends inside the log');
    invariant(snapshot.index >= log.snapshotMeta.index, 'a stored snapshot never goes back');
    if (this.archiver === null && upTo >= log.firstIndex()) {
      this.drop(log, snapshot, upTo);
      return;
    }
    log.snapshotMeta = snapshot;
    this.parts.encoder.restate(log, false);
    this.parts.writer.start();
    if (upTo >= log.firstIndex()) this.archiver?.enqueue(log, upTo);
  }

  private drop(log: PartitionLog, snapshot: SnapshotMeta, upTo: LogIndex): void {
    if (this.parts.writer.failure !== null) return;
    log.compact(snapshot, upTo);
    this.parts.encoder.restate(log, false);
    this.parts.writer.start();
    this.parts.cleaner.wake();
  }

  isStorageFull(): boolean {
    return this.parts.disk.isFull();
  }

  lastTerm(partition: PartitionId): Term {
    return this.log(partition).lastTerm();
  }

  stats(): LogStats {
    const { writer, pace, segments, budget, use, cleaner } = this.parts;
    return {
      bytesWritten: writer.bytesWritten,
      entriesWritten: this.entriesWritten,
      syncs: writer.syncs,
      syncMsLast: pace.lastMs,
      segments: segments.count,
      bytesOnDisk: segments.bytesOnDisk,
      tailBytes: budget.bytes,
      liveBytes: use.liveBytes,
      storageFull: this.isStorageFull(),
      cleaningFault: cleaner.fault ?? this.archiver?.fault ?? null,
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    const { writer, cleaner, segments, release } = this.parts;
    await this.archiver?.close();
    await cleaner.settle();
    this.closed = true;
    if (writer.failure === null) await writer.flushed(true).catch(() => undefined);
    await writer.settle();
    await writer.seal(true);
    await segments.close();
    release();
  }

  private log(partition: PartitionId): PartitionLog {
    const log = this.parts.logs.get(partition);
    invariant(log !== undefined, 'a partition is created before it is used');
    return log;
  }
}
