import { DirectoryError } from './directory-stamp.js';
import type { DirectoryFault } from './directory-stamp.js';

type Known = readonly [code: DirectoryFault, what: string, remedy: string];

const KNOWN: Readonly<Record<string, Known>> = {
  ENOSPC: ['NO_SPACE', 'its file system is full', 'free some space, then start again'],
  EDQUOT: ['NO_SPACE', 'its quota is used up', 'free some space, then start again'],
  EACCES: ['NO_ACCESS', 'this process may not use it', 'check owner and permissions'],
  EPERM: ['NO_ACCESS', 'this process may not use it', 'check owner and permissions'],
  EROFS: ['READ_ONLY', 'its file system is read-only', 'mount it writable'],
  ENOTDIR: ['NOT_A_DIRECTORY', 'a part of the path is a file', 'check METAD_DATA_DIR'],
  EEXIST: ['NOT_A_DIRECTORY', 'a file is in its place', 'check METAD_DATA_DIR'],
  EIO: ['DISK_FAULT', 'its disk reports an error', 'look at the system log; replace the disk'],
};

/** The error's code as Node gives it, of the error itself or of what caused it. */
function codeOf(fault: unknown): string | null {
  if (typeof fault !== 'object' || fault === null) return null;
  const { code, cause } = fault as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : codeOf(cause);
}

/**
 * An error while a data directory is opened, in words for the operator: a `DirectoryError` for what
 * a machine can be out of or forbid, else the error as it came.
 */
export function directoryFault(fault: unknown, directory: string): unknown {
  const known = KNOWN[codeOf(fault) ?? ''];
  if (known === undefined || fault instanceof DirectoryError) return fault;
  const [code, what, remedy] = known;
  const detail = (fault as Error).message;
  return new DirectoryError(
    code,
    `the data directory ${directory} cannot be opened: ${what} (${detail}). To do: ${remedy}`,
    { cause: fault },
  );
}
