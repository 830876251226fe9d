import type { LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import type { RecordChange } from './record.js';

/**
 * What one committed entry did, for dispatch. Every index appears exactly once, also when nothing
 * changed (no-op, membership, rejection, renewal): cursors move on all of them.
 */
export interface AppliedEntry {
  readonly partition: PartitionId;
  readonly index: LogIndex;
  readonly term: Term;
  /** Log time of the entry; that of the entry before for no-ops. */
  readonly time: LogTime;
  readonly commandId: string | null;
  readonly command: string | null;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly changes: readonly RecordChange[];
  /** The code of the rejection, if the command was refused at apply; else null. */
  readonly rejected: string | null;
}
