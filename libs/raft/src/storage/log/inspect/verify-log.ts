import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Damage } from '../../log-port.js';
import type { HardState } from '../../../core/index.js';
import { PartitionLog } from '../partition/partition-log.js';
import { SegmentUse } from '../partition/segment-use.js';
import { TailBudget } from '../partition/tail-budget.js';
import { RecordReader } from '../record-reader.js';
import { replayInto } from '../recovery/replay.js';
import type { ReplayedPartition } from '../recovery/replayed-partition.js';
import { segmentName, Segments } from '../segments.js';
import { inspectDirectory } from './inspected-directory.js';
import type { InspectOptions } from './inspected-directory.js';

export interface VerifiedPartition {
  readonly partition: PartitionId;
  readonly state: 'sound' | Damage['kind'];
  /** File and offset of the damage; null when sound. */
  readonly reason: string | null;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly snapshotIndex: LogIndex;
  readonly hardState: HardState;
}

/** What a directory holds, and what starting the node on it would do. */
export interface LogVerdict {
  readonly cluster: string;
  readonly node: string;
  readonly sound: boolean;
  readonly segments: readonly { readonly file: string; readonly bytes: number }[];
  readonly records: number;
  /** Records were lost, or may be, of partitions that cannot be named. */
  readonly unattributed: Damage['kind'] | null;
  readonly partitions: readonly VerifiedPartition[];
  readonly findings: readonly string[];
  /** In words: cut the tail, remove a half-made segment, refuse a partition … */
  readonly actions: readonly string[];
}

/** Every record of a directory's log, put together as a start does. Changes nothing. */
export function replayed(options: InspectOptions) {
  const { fileSystem, logDirectory, stamp } = inspectDirectory(options);
  const segments = new Segments(fileSystem, logDirectory, 0, stamp.salt);
  const reader = new RecordReader(segments);
  const [budget, use] = [new TailBudget(0), new SegmentUse()];
  const found = new Map<PartitionId, ReplayedPartition>();
  const make = (partition: PartitionId): PartitionLog =>
    new PartitionLog(partition, reader, budget, use);
  const result = replayInto(found, fileSystem, logDirectory, stamp.salt, make);
  return { fileSystem, logDirectory, stamp, segments, found, result };
}

/** Reads every record of a log, offline, and changes nothing. Throws as `openNodeLog` would. */
export function verifyLog(options: InspectOptions): LogVerdict {
  const { stamp, found, result } = replayed(options);
  const partitions = [...found.values()].map(verdictOf);
  partitions.sort((a, b) => a.partition - b.partition);
  let { unattributed } = result;
  for (const { isBeheaded, log } of found.values()) {
    // A start forgets it, and takes whatever is created later for damaged.
    if (isBeheaded && unattributed !== 'corrupt') unattributed = log.damage?.kind ?? 'corrupt';
  }
  const actions: string[] = [];
  if (result.cutBytes > 0) actions.push(`cut ${result.cutBytes} bytes of a torn tail`);
  for (const sequence of result.leftovers) {
    actions.push(`remove ${segmentName(sequence)}, which holds nothing acknowledged`);
  }
  for (const { partition, reason } of partitions) {
    if (reason !== null) actions.push(`refuse partition ${partition} until refilled: ${reason}`);
  }
  if (unattributed) {
    actions.push(
      `start as ${unattributed} any partition that is created: lost records may be of it`,
    );
  }
  return {
    cluster: stamp.cluster,
    node: stamp.node,
    sound: !unattributed && partitions.every(({ state }) => state === 'sound'),
    segments: result.segments.map(({ sequence, end }) => ({
      file: segmentName(sequence),
      bytes: end,
    })),
    records: result.records,
    unattributed,
    partitions,
    findings: result.findings,
    actions,
  };
}

function verdictOf(partition: ReplayedPartition): VerifiedPartition {
  partition.finish();
  const { log } = partition;
  return {
    partition: log.partition,
    state: log.damage?.kind ?? 'sound',
    reason: log.damage?.reason ?? null,
    firstIndex: log.firstIndex(),
    lastIndex: log.lastIndex(),
    snapshotIndex: log.snapshot().index,
    hardState: log.hardState,
  };
}
