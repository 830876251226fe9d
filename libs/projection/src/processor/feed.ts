import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import { invariant, type LogIndex, type PartitionId } from '@metad/foundation';
import type { Batch } from './batch.js';
import type { Cursor } from '../checkpoint/checkpoint.js';
import type { EntrySource } from './entry-source.js';
import { recordKey, type ProjectionVersion } from './projection-version.js';

/** A handler threw: the batch is to be given up, `version.fault` says where. */
export class HandlerFailure extends Error {
  override readonly name = 'HandlerFailure';

  constructor(
    readonly version: ProjectionVersion,
    readonly partition: PartitionId,
    readonly entry: AppliedEntry,
    readonly change: RecordChange,
    override readonly cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`projection ${version.name} failed on ${change.type} of ${change.key}: ${reason}`);
  }
}

export interface FeedLimits {
  /** A batch is full at this many changes; one entry may exceed it. */
  readonly changesMax: number;
  /** Entries asked for in one read. */
  readonly readEntriesMax: number;
}

/** Where to stop, per partition: the head for a live processor, a fixed index for a rebuild. */
export type Limit = (partition: PartitionId) => LogIndex;

/**
 * Pulls entries of one partition into `batch` until it is full or nothing is left below the limit.
 * Versions that stand at different indexes each get exactly what they lack. True if the batch grew.
 */
export async function feedPartition(
  source: EntrySource,
  partition: PartitionId,
  versions: readonly ProjectionVersion[],
  batch: Batch,
  limits: FeedLimits & { readonly limit: Limit },
): Promise<boolean> {
  const cursors = cursorsOf(versions, partition);
  const after = lowest(cursors);
  const limit = limits.limit(partition);
  if (after === null || after >= limit) return false;
  const wanted = Math.min(limits.readEntriesMax, limit - after);
  const entries = await source.read(partition, after, wanted);
  judgeTerms(entries, after, cursors);
  const interested = interestOf(cursors);
  let expected = after + 1;
  let last: AppliedEntry | null = null;
  for (const entry of entries) {
    invariant(entry.index === expected, 'a source gives every index once and in order');
    expected += 1;
    batch.count(entry);
    for (const change of entry.changes) {
      for (const [version, cursor] of interested(change.type)) {
        if (cursor.index < entry.index) foldChange(entry, change, version, cursor, batch);
      }
    }
    last = entry;
    if (batch.changes >= limits.changesMax) break;
  }
  // Cursors move once: most entries change nothing for most projections.
  for (const [version, cursor] of last ? cursors : []) {
    if (last && !version.fault && cursor.index < last.index) batch.move(cursor, last);
  }
  return entries.length > 0;
}

type Fed = readonly [ProjectionVersion, Cursor];

const cursorsOf = (versions: readonly ProjectionVersion[], partition: PartitionId): Fed[] =>
  versions.flatMap((version) => {
    const cursor = version.fault ? undefined : version.cursors.get(partition);
    return cursor ? [[version, cursor] as const] : [];
  });

/** The versions that read next in a partition: those that lag most. */
export function lowestAt(
  partition: PartitionId,
  versions: readonly ProjectionVersion[],
): readonly ProjectionVersion[] {
  const cursors = cursorsOf(versions, partition);
  const index = lowest(cursors);
  return cursors.filter(([, cursor]) => cursor.index === index).map(([version]) => version);
}

/** After which index they read; null when nothing is fed in the partition. */
export const lowestIndex = (
  partition: PartitionId,
  versions: readonly ProjectionVersion[],
): LogIndex | null => lowest(cursorsOf(versions, partition));

function lowest(cursors: readonly Fed[]): LogIndex | null {
  let index: LogIndex | null = null;
  for (const [, cursor] of cursors) {
    if (index === null || cursor.index < index) index = cursor.index;
  }
  return index;
}

/** Terms never fall along a log: rows up to a later term are of another one. */
function judgeTerms(
  entries: readonly AppliedEntry[],
  after: LogIndex,
  cursors: readonly Fed[],
): void {
  for (const [version, cursor] of cursors) {
    const next = entries[cursor.index - after];
    if (!next || next.term >= cursor.term) continue;
    const reason = `rows up to term ${cursor.term}, but the log goes on with ${next.term}`;
    version.fault = { kind: 'foreign', reason };
  }
}

/** Which of the versions handle a type of event, found once for each type. */
function interestOf(cursors: readonly Fed[]): (type: string) => readonly Fed[] {
  const found = new Map<string, readonly Fed[]>();
  return (type) => {
    let interested = found.get(type);
    if (!interested) {
      interested = cursors.filter(([version]) => !version.fault && version.handles(type));
      found.set(type, interested);
    }
    return interested;
  };
}

function foldChange(
  entry: AppliedEntry,
  change: RecordChange,
  version: ProjectionVersion,
  cursor: Cursor,
  batch: Batch,
): void {
  const reason = version.parked.size === 0 ? undefined : version.parked.get(recordKey(change));
  if (reason !== undefined) {
    batch.park({ projection: version.name, version: version.version, entry, change, reason });
    return;
  }
  try {
    batch.fold(version, cursor, change, entry);
  } catch (error) {
    throw new HandlerFailure(version, entry.partition, entry, change, error);
  }
}
