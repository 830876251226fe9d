import { invariant, logIndex } from '@metad/foundation';
import type { LogIndex } from '@metad/foundation';
import type { SnapshotMeta } from '../../core/index.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import type { Partition } from '../partition/partition.js';

/** Older snapshots kept, so that a transfer under way can be finished. */
const snapshotsKept = 2;

/**
 * Takes snapshots of partitions that have applied enough since the last one, a few at a time, and
 * then lets the log go up to there: not what a late follower would still like to read, and not what
 * a subscriber holds, unless that is further behind than the lag budget.
 */
export class SnapshotWriter {
  private readonly queue: Partition[] = [];
  private writing = 0;
  failures = 0;
  taken = 0;

  constructor(
    private readonly options: RaftNodeOptions,
    private readonly limits: NodeLimits,
  ) {}

  maybeTake(partition: Partition): void {
    if (partition.snapshotting || partition.appliedIndex < this.dueAt(partition)) return;
    partition.snapshotting = true;
    this.queue.push(partition);
    this.next();
  }

  private dueAt(partition: Partition): number {
    const pause = Math.max(this.limits.snapshotEntries, partition.snapshotEntriesWorth);
    return Math.max(partition.snapshotIndex + pause, partition.snapshotRetry);
  }

  private next(): void {
    if (this.writing >= this.limits.snapshotWritesMax) return;
    const partition = this.queue.shift();
    if (partition === undefined) return;
    this.writing += 1;
    void this.take(partition).finally(() => {
      partition.snapshotting = false;
      this.writing -= 1;
      this.next();
    });
  }

  /** Never rejects: a snapshot that cannot be written is tried again some entries later. */
  private async take(partition: Partition): Promise<void> {
    if (partition.state !== 'running' && partition.state !== 'quiet') return;
    try {
      await this.write(partition);
      this.taken += 1;
    } catch {
      this.failures += 1;
      const pause = Math.ceil(this.limits.snapshotEntries / 10);
      partition.snapshotRetry = logIndex(partition.appliedIndex + pause);
    }
  }

  private async write(partition: Partition): Promise<void> {
    const meta = await this.writeImage(partition);
    if (partition.state === 'installing' || partition.state === 'stopped') return;
    // One from the leader was faster, and the log goes on from there.
    if (meta.index <= partition.snapshotIndex) return;
    this.options.log.compact(partition.id, meta, this.compactableTo(partition, meta.index));
    partition.snapshotIndex = meta.index;
    partition.replica.compacted();
    await this.options.snapshots.prune(partition.id, snapshotsKept);
  }

  private async writeImage(partition: Partition): Promise<SnapshotMeta> {
    const { snapshots } = this.options;
    const { conf, applied } = partition.replica.status();
    const image = partition.machine.capture();
    try {
      const { index } = image;
      partition.snapshotEntriesWorth = image.entriesWorth ?? 0;
      const term = partition.stored.termAt(index);
      invariant(index === applied && term !== null, 'an image is of what was just applied');
      const meta = { index, term, conf };
      const chunks = this.inSlices(image.chunks());
      await snapshots.write(partition.id, meta, chunks);
      return meta;
    } finally {
      image.release();
    }
  }

  private compactableTo(partition: Partition, snapshotAt: LogIndex): LogIndex {
    const { trailingEntries, lagEntriesMax } = this.limits;
    let upTo = snapshotAt - trailingEntries;
    for (const held of partition.holds?.values() ?? []) upTo = Math.min(upTo, held - 1);
    upTo = Math.max(upTo, snapshotAt - lagEntriesMax, partition.stored.firstIndex() - 1);
    return logIndex(Math.min(upTo, snapshotAt));
  }

  /** Cuts chunks to size and lets other work have its turn between them. */
  private async *inSlices(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const { snapshotChunkBytes: bytesMax } = this.limits;
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += bytesMax) {
        yield chunk.subarray(at, Math.min(at + bytesMax, chunk.length));
        await this.pause();
      }
    }
  }

  private pause(): Promise<void> {
    const { turns, clock } = this.options;
    const { snapshotPauseMs } = this.limits;
    return new Promise((resolve) => {
      if (snapshotPauseMs === 0) turns.next(resolve);
      else clock.after(snapshotPauseMs, resolve);
    });
  }
}
