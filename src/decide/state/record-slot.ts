import type { LogTime } from '@metad/foundation';
import type { ContentHash, StoredRecord } from '@metad/eventsourcing';

/**
 * The place of one record: who holds a slot sees the record change. Records themselves are
 * immutable, so an image of the state is a list of references.
 */
export interface RecordSlot {
  /** Null once the record is removed; the slot is then out of its table for good. */
  record: StoredRecord | null;
  hash: ContentHash;
  /** When the lease schedule will look at this slot; null when it does not hold it. */
  scheduledAt: LogTime | null;
}
