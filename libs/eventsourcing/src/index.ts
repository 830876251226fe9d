export type { Value, StoredRecord, RecordChange } from './record.js';
export type { AppliedEntry } from './applied-entry.js';
export { accept, reject } from './decider.js';
export type { Decider, Decision, DecideContext, DomainEvent, Rejection } from './decider.js';
