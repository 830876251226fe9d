import {
  checkStamp,
  DirectoryError,
  lostLog,
  lostStamp,
  readStamp,
} from '../../disk/directory-stamp.js';
import type { DirectoryStamp, Owner } from '../../disk/directory-stamp.js';
import { realFileSystem } from '../../disk/real-file-system.js';
import type { FileSystem } from '../../file-system-port.js';
import { listSegments } from '../segments.js';

/**
 * Where to look: a data directory that no node needs to be running on. Nothing is changed. With
 * `cluster` or `node`, another's directory is refused, as at the start of that node.
 */
export interface InspectOptions extends Partial<Owner> {
  readonly directory: string;
  readonly fileSystem?: FileSystem;
}

export interface InspectedDirectory {
  readonly fileSystem: FileSystem;
  readonly logDirectory: string;
  readonly stamp: DirectoryStamp;
  /** One of the two copies of the stamp is missing or damaged: a start writes it again. */
  readonly stampNeedsRepair: boolean;
  readonly segments: readonly number[];
}

/** Throws `DirectoryError` where a node would refuse to start, and where it would begin anew. */
export function inspectDirectory(options: InspectOptions): InspectedDirectory {
  const { directory } = options;
  const fileSystem = options.fileSystem ?? realFileSystem;
  const logDirectory = `${directory}/log`;
  const segments = listSegments(fileSystem, logDirectory);
  const found = readStamp(fileSystem, directory);
  const { stamp, present, damaged } = found;
  if (stamp === null) throw segments.length > 0 ? lostStamp(found, directory) : nothing(directory);
  checkStamp(stamp, options, directory);
  if (segments.length === 0) throw lostLog(stamp, directory);
  const stampNeedsRepair = present < 2 || damaged > 0;
  return { fileSystem, logDirectory, stamp, stampNeedsRepair, segments };
}

const nothing = (directory: string): DirectoryError =>
  new DirectoryError(
    'NO_STAMP',
    `${directory} has no readable stamp and no log: it is no data directory of metad, ` +
      'or an empty one. A start would begin anew in it, with an empty log; a cluster that ' +
      'knows the node by name does not let it in. To do: check METAD_DATA_DIR and that its ' +
      'disk is mounted. If the old disk is lost, leave the node stopped: the others serve on ' +
      'as long as they are a majority; replacing a node is not offered yet',
  );
