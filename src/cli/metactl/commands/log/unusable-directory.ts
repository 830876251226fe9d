import { DirectoryError, LockedError, UnknownLogFormat } from '@metad/raft';
import { UsageError } from '../../exit-code.js';

/** A directory that cannot be read, or not now, is the caller's to change; the rest is ours. */
export function explained(fault: unknown): unknown {
  const isTheirs =
    fault instanceof DirectoryError ||
    fault instanceof LockedError ||
    fault instanceof UnknownLogFormat;
  return isTheirs ? new UsageError(fault.message, { cause: fault }) : fault;
}
