import { logIndex } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import type { Entry, SnapshotMeta } from '../../../core/index.js';
import type { FileSystem } from '../../file-system-port.js';
import { SnapshotCorruption } from '../../snapshot-port.js';
import { chunksOf, readFooter, snapshotOf } from '../../snapshots/snapshot-file.js';
import type { SnapshotName } from '../../snapshots/snapshot-file.js';
import type { PartitionLog } from '../partition/partition-log.js';
import { segmentName } from '../segments.js';
import type { InspectOptions } from './inspected-directory.js';
import { replayed } from './verify-log.js';

export interface ReadPartitionOptions extends InspectOptions {
  readonly partition: PartitionId;
}

/** What a directory holds of one partition and is known to be committed. */
export interface StoredPartition {
  /** The newest that is whole; null when the log begins with the first entry. */
  readonly snapshot: StoredImage | null;
  /** Those behind the snapshot. */
  readonly entries: readonly Entry[];
}

interface StoredImage {
  readonly meta: SnapshotMeta;
  readonly chunks: readonly Uint8Array[];
}

/**
 * Reads one partition, offline, and changes nothing. Null when there is nothing of it, or when it
 * is not sound. Throws as `verifyDirectory` does.
 */
export function readPartition(options: ReadPartitionOptions): StoredPartition | null {
  const { directory, partition } = options;
  const { fileSystem, logDirectory, segments, found, result } = replayed(options);
  const replay = found.get(partition);
  replay?.finish();
  if (replay === undefined || replay.log.damage !== null) return null;
  const snapshot = newestImage(fileSystem, `${directory}/snapshots`, partition);
  const from = logIndex((snapshot?.meta.index ?? 0) + 1);
  if (replay.log.firstIndex() > from) return null;
  for (const { sequence, end } of result.segments) {
    const file = fileSystem.open(`${logDirectory}/${segmentName(sequence)}`, 'read');
    segments.adopt({ sequence, file, end });
  }
  try {
    return { snapshot, entries: committedIn(replay.log, from) };
  } finally {
    for (const { file } of segments.all()) file.close();
  }
}

function committedIn(log: PartitionLog, from: LogIndex): readonly Entry[] {
  const to = logIndex(Math.min(log.lastIndex(), log.hardState.commit) + 1);
  return from < to ? (log.entries(from, to, Infinity) ?? []) : [];
}

function newestImage(
  fileSystem: FileSystem,
  folder: string,
  partition: PartitionId,
): StoredImage | null {
  const names = fileSystem.list(folder).map((file) => ({ file, of: snapshotOf(file) }));
  for (const { file, of } of names.reverse()) {
    if (of?.partition !== partition) continue;
    const image = imageIn(fileSystem, { path: `${folder}/${file}`, ...of });
    if (image !== null) return image;
  }
  return null;
}

function imageIn(fileSystem: FileSystem, name: SnapshotName): StoredImage | null {
  const file = fileSystem.open(name.path, 'read');
  try {
    const footer = readFooter(file, name);
    return { meta: footer.stored.meta, chunks: [...chunksOf(file, name.path, footer)] };
  } catch (fault) {
    if (fault instanceof SnapshotCorruption) return null;
    throw fault;
  } finally {
    file.close();
  }
}
