export type { Value, StoredRecord, RecordChange } from './record.js';
export type { AppliedEntry } from './applied-entry.js';
export { accept, renew, reject, rejection, ABSENT } from './decider.js';
export type {
  Decider,
  Decision,
  DecideContext,
  DomainEvent,
  KindCommand,
  RecordState,
  Rejection,
} from './decider.js';
export { hashContent } from './content-hash.js';
export type { ContentHash } from './content-hash.js';
export { jsonText } from './json-text.js';
export { sameContent } from './same-content.js';
export { Digest, recordHash } from './digest.js';
export type { DigestedRecord } from './digest.js';
export { parseIsoTime, formatIsoTime } from './iso-time.js';
