import { randomInt } from 'node:crypto';
import type { Clock, PartitionId } from '@metad/foundation';
import {
  checkStamp,
  DirectoryError,
  readStamp,
  STAMP_FORMAT,
  writeStamp,
} from '../disk/directory-stamp.js';
import type { DirectoryStamp, Owner } from '../disk/directory-stamp.js';
import { realFileSystem } from '../disk/real-file-system.js';
import type { Archive } from '../archive-port.js';
import type { FileSystem } from '../file-system-port.js';
import type { NodeLog } from '../log-port.js';
import { BatchWriter } from './write/batch-writer.js';
import type { Position } from './write/batch-writer.js';
import { DiskWatch } from './disk-watch.js';
import type { DiskLimits } from './disk-watch.js';
import { FileNodeLog } from './file-node-log.js';
import { PartitionLog } from './partition/partition-log.js';
import { RecordEncoder } from './write/record-encoder.js';
import { RecordReader } from './record-reader.js';
import { replayInto } from './recovery/replay.js';
import type { ReplayResult } from './recovery/replay.js';
import type { ReplayedPartition } from './recovery/replayed-partition.js';
import { SegmentCleaner } from './segment-cleaner.js';
import { SegmentUse } from './partition/segment-use.js';
import { listSegments, segmentName, Segments } from './segments.js';
import { SyncPace } from './write/sync-pace.js';
import type { SyncMode } from './write/sync-pace.js';
import { TailBudget } from './partition/tail-budget.js';

export interface NodeLogOptions extends Owner {
  /** The node's data directory; the log lives in `log/` below it. */
  readonly directory: string;
  readonly clock: Clock;
  readonly fileSystem?: FileSystem;
  /** Default 64 MiB. */
  readonly segmentBytes?: number;
  /** Bytes of recent entries kept in memory, all partitions together. Default 64 MiB. */
  readonly tailBytesMax?: number;
  readonly syncMode?: SyncMode;
  /** Takes committed entries before they leave the log; without one they are gone. */
  readonly archive?: Archive;
  /** When to report `storageFull`. Default: below 256 MiB free, whatever the log takes. */
  readonly disk?: Partial<DiskLimits>;
}

const SEGMENT_BYTES = 64 * 1024 * 1024;
const TAIL_BYTES_MAX = 64 * 1024 * 1024;
const FREE_BYTES_MIN = 256 * 1024 * 1024;

/**
 * Locks the directory, checks whose it is, recovers what it holds and opens it for writing.
 * Throws `LockedError`, `DirectoryError` or `UnknownLogFormat` before anything is changed.
 */
export async function openNodeLog(options: NodeLogOptions): Promise<NodeLog> {
  const fileSystem = options.fileSystem ?? realFileSystem;
  fileSystem.ensureDirectory(options.directory);
  const release = fileSystem.lock(options.directory);
  try {
    return await openLocked(options, fileSystem, release);
  } catch (fault) {
    release();
    throw fault;
  }
}

async function openLocked(
  options: NodeLogOptions,
  fileSystem: FileSystem,
  release: () => void,
): Promise<NodeLog> {
  const directory = `${options.directory}/log`;
  const sequences = listSegments(fileSystem, directory);
  const { stamp, repaired } = await claimDirectory(options, fileSystem, sequences.length > 0);
  fileSystem.ensureDirectory(directory);
  for (const name of fileSystem.list(directory)) {
    if (name.endsWith('.tmp')) fileSystem.remove(`${directory}/${name}`);
  }
  const use = new SegmentUse();
  const budget = new TailBudget(options.tailBytesMax ?? TAIL_BYTES_MAX);
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  const segments = new Segments(fileSystem, directory, segmentBytes, stamp.salt);
  const reader = new RecordReader(segments);
  const found = new Map<PartitionId, ReplayedPartition>();
  const make = (partition: PartitionId): PartitionLog =>
    new PartitionLog(partition, reader, budget, use);
  const result = replayInto(found, fileSystem, directory, stamp.salt, make);
  const durable = await settleSegments(result, segments, fileSystem, directory);
  const pace = new SyncPace(options.syncMode ?? 'adaptive');
  const writer = new BatchWriter(segments, options.clock, pace, durable, result.lastBatch);
  const encoder = new RecordEncoder(writer);
  const logs = new Map<PartitionId, PartitionLog>();
  let damaged = 0;
  for (const replayed of found.values()) {
    if (replayed.finish()) {
      encoder.restate(replayed.log, true);
      damaged += 1;
    }
    logs.set(replayed.log.partition, replayed.log);
  }
  const cleaner = new SegmentCleaner(segments, use, writer, encoder, reader, logs);
  await segments.prepare(durable.segment + 1);
  if (damaged > 0) await writer.flushed(true);
  const limits = { logBytesMax: 0, freeBytesMin: FREE_BYTES_MIN, ...options.disk };
  const logBytes = (): number => segments.bytesOnDisk;
  const disk = new DiskWatch(fileSystem, directory, options.clock, limits, logBytes);
  const report = {
    fresh: sequences.length === 0,
    segments: result.segments.length,
    records: result.records,
    cutBytes: result.cutBytes,
    unattributed: result.unattributed,
    findings: repaired
      ? ['a damaged copy of the stamp was rewritten', ...result.findings]
      : result.findings,
  };
  return new FileNodeLog({
    segments,
    use,
    budget,
    reader,
    writer,
    encoder,
    cleaner,
    pace,
    logs,
    report,
    disk,
    clock: options.clock,
    archive: options.archive ?? null,
    release,
  });
}

/** Checks or writes the stamp. */
async function claimDirectory(
  options: NodeLogOptions,
  fileSystem: FileSystem,
  hasLog: boolean,
): Promise<{ stamp: DirectoryStamp; repaired: boolean }> {
  const { directory, cluster, node } = options;
  const found = readStamp(fileSystem, directory);
  if (found.stamp !== null) {
    checkStamp(found.stamp, options, directory);
    const repaired = found.present < 2 || found.damaged > 0;
    if (repaired) await writeStamp(fileSystem, directory, found.stamp);
    return { stamp: found.stamp, repaired };
  }
  if (found.damaged > 0 && hasLog) {
    const message = `both copies of the stamp in ${directory} are damaged`;
    throw new DirectoryError('STAMP_DAMAGED', message);
  }
  if (hasLog) {
    throw new DirectoryError(
      'NO_STAMP',
      `${directory} holds a log but no stamp that says whose it is: restore the file ` +
        'metad.stamp, or move the directory away and let the node be added again',
    );
  }
  const stamp = { format: STAMP_FORMAT, cluster, node, salt: randomInt(0x1_0000_0000) };
  await writeStamp(fileSystem, directory, stamp);
  return { stamp, repaired: false };
}

/**
 * Makes the files say what recovery decided: the torn tail is cut, leftovers go, and what was read
 * is durable, since the next batch will claim so. Returns where the log ends.
 */
async function settleSegments(
  result: ReplayResult,
  segments: Segments,
  fileSystem: FileSystem,
  directory: string,
): Promise<Position> {
  // Newest first, each removal durable before the next: a gap would look like a lost segment.
  for (const sequence of [...result.leftovers].reverse()) {
    fileSystem.remove(`${directory}/${segmentName(sequence)}`);
    await fileSystem.syncDirectory(directory);
  }
  for (const { sequence, end } of result.segments) {
    const file = fileSystem.open(`${directory}/${segmentName(sequence)}`, 'write');
    const segment = { sequence, file, end };
    segments.adopt(segment);
    if (sequence !== result.segments.at(-1)?.sequence) continue;
    if (file.size() > end) file.truncate(end);
    await file.sync();
  }
  const newest = result.segments.at(-1);
  return newest === undefined
    ? { segment: 0, offset: 0 }
    : { segment: newest.sequence, offset: newest.end };
}
