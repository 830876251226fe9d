import type { LogIndex, Term } from '@metad/foundation';

/** A Ready that was taken and is not yet known to be durable. */
export interface PendingWrite {
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly snapshotIndex: LogIndex;
  /** The term this write makes durable, or 0 when it carries no term or vote. */
  readonly hardTerm: Term;
  /**
   * Up to where this write still speaks for the log. Lowered when a conflicting suffix is cut
   * afterwards: its acknowledgement then proves nothing about the entries that came instead, even
   * if index and term look the same again (A written, B written, A to be written once more).
   */
  validUpTo: LogIndex;
  /** The one taken after it: mostly there is none. */
  next: PendingWrite | null;
}
