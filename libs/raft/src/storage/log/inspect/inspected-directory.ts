import { DirectoryError, readStamp } from '../../disk/directory-stamp.js';
import type { DirectoryStamp } from '../../disk/directory-stamp.js';
import { realFileSystem } from '../../disk/real-file-system.js';
import type { FileSystem } from '../../file-system-port.js';
import { listSegments } from '../segments.js';

/** Where to look: a data directory that no node needs to be running on. Nothing is changed. */
export interface InspectOptions {
  readonly directory: string;
  readonly fileSystem?: FileSystem;
}

export interface InspectedDirectory {
  readonly fileSystem: FileSystem;
  readonly logDirectory: string;
  readonly stamp: DirectoryStamp;
  readonly segments: readonly number[];
}

/** Throws `DirectoryError` when the directory has no readable stamp. */
export function inspectDirectory(options: InspectOptions): InspectedDirectory {
  const fileSystem = options.fileSystem ?? realFileSystem;
  const logDirectory = `${options.directory}/log`;
  const { stamp, present } = readStamp(fileSystem, options.directory);
  if (stamp === null) {
    throw new DirectoryError(
      present > 0 ? 'STAMP_DAMAGED' : 'NO_STAMP',
      `${options.directory} has no readable stamp: is it a data directory of metad?`,
    );
  }
  const segments = listSegments(fileSystem, logDirectory);
  return { fileSystem, logDirectory, stamp, segments };
}
