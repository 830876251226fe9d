export type { Value, StoredRecord, RecordChange } from './record.js';
export type { AppliedEntry } from './applied-entry.js';
export { accept, renew, reject, ABSENT } from './decider.js';
export type {
  Decider,
  Decision,
  DecideContext,
  DomainEvent,
  KindCommand,
  RecordState,
  Rejection,
} from './decider.js';
