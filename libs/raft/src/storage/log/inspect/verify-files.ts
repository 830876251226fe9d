import type { LogIndex, PartitionId } from '@metad/foundation';
import { ArchiveCorruption } from '../../archive-port.js';
import { archivedIn, readArchiveFile } from '../../archive/archive-file.js';
import type { DiskFile, FileSystem } from '../../file-system-port.js';
import { SnapshotCorruption } from '../../snapshot-port.js';
import { chunksOf, readFooter, snapshotOf } from '../../snapshots/snapshot-file.js';

/** A snapshot on disk, every byte of it read. */
export interface VerifiedSnapshot {
  readonly file: string;
  readonly partition: PartitionId;
  readonly index: LogIndex;
  readonly bytes: number;
  /** What is wrong with it; null when it is as it was written. */
  readonly fault: string | null;
}

/** A file of the archive, every byte of it read. */
export interface VerifiedArchiveFile {
  readonly file: string;
  readonly partition: PartitionId;
  readonly first: LogIndex;
  readonly last: LogIndex;
  readonly bytes: number;
  readonly fault: string | null;
}

/** Reads all snapshots of a data directory; changes nothing. */
export function verifySnapshots(fileSystem: FileSystem, directory: string): VerifiedSnapshot[] {
  const folder = `${directory}/snapshots`;
  const verified: VerifiedSnapshot[] = [];
  for (const file of fileSystem.list(folder)) {
    const found = snapshotOf(file);
    if (found === null) continue;
    const path = `${folder}/${file}`;
    const opened = fileSystem.open(path, 'read');
    const fault = faultIn(opened, { path, ...found });
    verified.push({ file, ...found, bytes: opened.size(), fault });
    opened.close();
  }
  return verified.sort((a, b) => a.partition - b.partition || a.index - b.index);
}

function faultIn(file: DiskFile, name: Parameters<typeof readFooter>[1]): string | null {
  try {
    for (const _chunk of chunksOf(file, name.path, readFooter(file, name)));
    return null;
  } catch (fault) {
    if (fault instanceof SnapshotCorruption) return fault.message;
    throw fault;
  }
}

/** Reads the whole archive of a data directory; changes nothing. */
export async function verifyArchive(
  fileSystem: FileSystem,
  directory: string,
): Promise<VerifiedArchiveFile[]> {
  const folder = `${directory}/archive`;
  const verified: VerifiedArchiveFile[] = [];
  for (const file of fileSystem.list(folder)) {
    const found = archivedIn(file);
    if (found === null) continue;
    const { partition, first, last } = found;
    const path = `${folder}/${file}`;
    const opened = fileSystem.open(path, 'read');
    const fault = await faultInArchive(opened, { path, partition, first, last });
    verified.push({ file, partition, first, last, bytes: opened.size(), fault });
    opened.close();
  }
  return verified.sort((a, b) => a.partition - b.partition || a.first - b.first);
}

async function faultInArchive(
  file: DiskFile,
  name: Parameters<typeof readArchiveFile>[1],
): Promise<string | null> {
  try {
    for await (const _run of readArchiveFile(file, name));
    return null;
  } catch (fault) {
    if (fault instanceof ArchiveCorruption) return fault.message;
    throw fault;
  }
}
