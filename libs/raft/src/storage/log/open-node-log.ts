import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import type { Clock, PartitionId } from '@metad/foundation';
import {
  checkStamp,
  lostLog,
  lostStamp,
  readStamp,
  STAMP_FORMAT,
  writeStamp,
} from '../disk/directory-stamp.js';
import type { DirectoryStamp, Owner } from '../disk/directory-stamp.js';
import { directoryFault } from '../disk/directory-fault.js';
import { realFileSystem } from '../disk/real-file-system.js';
import type { Archive } from '../archive-port.js';
import type { FileSystem } from '../file-system-port.js';
import type { Damage, NodeLog } from '../log-port.js';
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
import { isBlankSegment, listSegments, segmentName, Segments } from './segments.js';
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
  /** Bytes of recent entries kept in memory, all partitions together. Default 16 MiB. */
  readonly tailBytesMax?: number;
  readonly syncMode?: SyncMode;
  /** Takes committed entries before they leave the log; without one they are gone. */
  readonly archive?: Archive;
  /** When to report `storageFull`. Default: below 256 MiB free, whatever the log takes. */
  readonly disk?: Partial<DiskLimits>;
}

/** Where log, snapshots and archive live in a data directory. */
const DATA_FOLDERS = ['log', 'snapshots', 'archive'];
const SEGMENT_BYTES = 64 * 1024 * 1024;
const TAIL_BYTES_MAX = 16 * 1024 * 1024;
const FREE_BYTES_MIN = 256 * 1024 * 1024;

/**
 * Locks the directory, checks whose it is, recovers what it holds and opens it for writing.
 * Throws `LockedError`, `DirectoryError` or `UnknownLogFormat` before anything is changed.
 */
export async function openNodeLog(options: NodeLogOptions): Promise<NodeLog> {
  try {
    const fileSystem = options.fileSystem ?? realFileSystem;
    fileSystem.ensureDirectory(options.directory);
    return await openUnder(fileSystem.lock(options.directory), options, fileSystem);
  } catch (fault) {
    throw directoryFault(fault, options.directory);
  }
}

async function openUnder(
  release: () => void,
  options: NodeLogOptions,
  fileSystem: FileSystem,
): Promise<NodeLog> {
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
  const { stamp, isNew, repaired } = await claimDirectory(options, fileSystem, sequences);
  const use = new SegmentUse();
  const budget = new TailBudget(options.tailBytesMax ?? TAIL_BYTES_MAX);
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
  const segments = new Segments(fileSystem, directory, segmentBytes, stamp.salt);
  const reader = new RecordReader(segments);
  const found = new Map<PartitionId, ReplayedPartition>();
  const make = (partition: PartitionId): PartitionLog =>
    new PartitionLog(partition, reader, budget, use);
  const result = replayInto(found, fileSystem, directory, stamp.salt, make);
  for (const name of fileSystem.list(directory)) {
    if (name.endsWith('.tmp')) fileSystem.remove(`${directory}/${name}`);
  }
  const durable = await settleSegments(result, segments, fileSystem, directory);
  const pace = new SyncPace(options.syncMode ?? 'adaptive');
  const writer = new BatchWriter(segments, options.clock, pace, durable, result.lastBatch);
  const encoder = new RecordEncoder(writer);
  const { logs, unattributed } = takeOver(found.values(), result.unattributed, encoder);
  const cleaner = new SegmentCleaner(segments, use, writer, encoder, reader, logs);
  await segments.prepare(durable.segment + 1);
  if (isNew || repaired) await writeStamp(fileSystem, options.directory, stamp);
  if (result.segments.length > 0) {
    await writer.begin();
    cutTail(result, segments);
  }
  const limits = { logBytesMax: 0, freeBytesMin: FREE_BYTES_MIN, ...options.disk };
  const logBytes = (): number => segments.bytesOnDisk;
  const disk = new DiskWatch(fileSystem, directory, options.clock, limits, logBytes);
  const report = {
    fresh: isNew,
    segments: result.segments.length,
    records: result.records,
    cutBytes: result.cutBytes,
    unattributed,
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

/** The logs to go on with; what is new about their damage is stated in the first batch. */
function takeOver(
  found: Iterable<ReplayedPartition>,
  lost: Damage['kind'] | null,
  encoder: RecordEncoder,
): { logs: Map<PartitionId, PartitionLog>; unattributed: Damage['kind'] | null } {
  const logs = new Map<PartitionId, PartitionLog>();
  let unattributed = lost;
  for (const replayed of found) {
    const { log } = replayed;
    const damaged = replayed.finish();
    if (replayed.isBeheaded) {
      // As if it were not there: whoever creates it says whom to ask, and it starts damaged.
      if (unattributed !== 'corrupt') unattributed = log.damage?.kind ?? 'corrupt';
      continue;
    }
    if (damaged) encoder.restate(log, true);
    logs.set(log.partition, log);
  }
  return { logs, unattributed };
}

interface Claim {
  readonly stamp: DirectoryStamp;
  /** Nobody has used the directory: the stamp is still to be written, behind the first segment. */
  readonly isNew: boolean;
  /** A copy of the stamp is lost or damaged, and is to be written again. */
  readonly repaired: boolean;
}

/** Checks the stamp, or makes one for a directory that nobody has used. */
async function claimDirectory(
  options: NodeLogOptions,
  fileSystem: FileSystem,
  sequences: readonly number[],
): Promise<Claim> {
  const { directory, cluster, node } = options;
  const found = readStamp(fileSystem, directory);
  if (found.stamp !== null) {
    checkStamp(found.stamp, options, directory);
    if (sequences.length === 0) throw lostLog(found.stamp, directory);
    const repaired = found.present < 2 || found.damaged > 0;
    return { stamp: found.stamp, isNew: false, repaired };
  }
  const log = `${directory}/log`;
  if (sequences.some((one) => !isBlankSegment(fileSystem, log, one))) {
    throw lostStamp(found, directory);
  }
  const stamp = { format: STAMP_FORMAT, cluster, node, salt: randomInt(0x1_0000_0000) };
  await anchor(fileSystem, directory);
  return { stamp, isNew: true, repaired: false };
}

/** Refusals to sync a directory which say that this process cannot have changed it either. */
const FOREIGN = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL']);

/**
 * Makes the directories that records will lie in durable, up to the root: a synced file is lost
 * with a directory whose own name was not. What is made inside becomes durable with the stamp,
 * which is written behind it: so a directory with both copies of its stamp is whole.
 */
async function anchor(fileSystem: FileSystem, directory: string): Promise<void> {
  for (const folder of DATA_FOLDERS) fileSystem.ensureDirectory(`${directory}/${folder}`);
  for (let path = directory; path !== dirname(path);) {
    path = dirname(path);
    await fileSystem.syncDirectory(path).catch((fault: NodeJS.ErrnoException) => {
      if (!FOREIGN.has(fault.code ?? '')) throw fault;
    });
  }
}

/**
 * Makes the files say what recovery decided: leftovers go, and what was read is durable, since the
 * next batch will claim so. Returns where the log ends.
 */
async function settleSegments(
  result: ReplayResult,
  segments: Segments,
  fileSystem: FileSystem,
  directory: string,
): Promise<Position> {
  // Newest first, each removal durable before the next: a gap would look like a lost segment. One
  // stays until the next to be written takes its place: a stamped directory is never without.
  const first = result.segments.length > 0 ? null : 1;
  for (const sequence of [...result.leftovers].reverse()) {
    if (sequence === first) continue;
    fileSystem.remove(`${directory}/${segmentName(sequence)}`);
    await fileSystem.syncDirectory(directory);
  }
  for (const { sequence, end } of result.segments) {
    const file = fileSystem.open(`${directory}/${segmentName(sequence)}`, 'write');
    const segment = { sequence, file, end };
    segments.adopt(segment);
    if (sequence === result.segments.at(-1)?.sequence) await file.sync();
  }
  const newest = result.segments.at(-1);
  return newest === undefined
    ? { segment: 0, offset: 0 }
    : { segment: newest.sequence, offset: newest.end };
}

/**
 * Frees what the newest segment of the last life has not used. Not before the first batch behind it
 * is durable: until then its marks are the only witnesses of its newest batch. And not when they
 * are evidence of a loss: then they stay as long as the segment.
 */
function cutTail(result: ReplayResult, segments: Segments): void {
  const newest = result.segments.at(-1);
  if (newest === undefined || newest.evidence) return;
  const { file } = segments.get(newest.sequence);
  if (file.size() > newest.end) file.truncate(newest.end);
}
