export { PartitionMachine } from './partition-machine.js';
export type { PartitionMachineOptions, CommandAttachment } from './partition-machine.js';
export {
  encodeCommand,
  encodeExpiry,
  encodeRenewals,
  encodeSettings,
  encodeSystem,
  decodeEntry,
  UnreadableEntry,
  ENTRY_FORMAT,
} from './command-codec.js';
export type {
  CommandEntry,
  DecodedEntry,
  EntryStamp,
  EntryType,
  ExpiringRecord,
  ExpiryPayload,
  RenewalsPayload,
} from './command-codec.js';
export { replyName, toCommandReply, toError, toRecordBody } from './outcome.js';
export { recordParts, recordText, replyParts } from './record-text.js';
export type { RecordParts } from './record-text.js';
export type {
  Accepted,
  ApplyResult,
  DryRunResult,
  Outcome,
  PositionScope,
  Refused,
} from './outcome.js';
export { checkDeadline } from './checks/deadline.js';
export { checkQuota, DEFAULT_QUOTA } from './checks/quota.js';
export type { RecordQuota } from './checks/quota.js';
export { LogClock } from './log-clock.js';
export { FEATURE_LEVEL_MAX } from './feature-level.js';
export { DEFAULT_SETTINGS } from './machine-settings.js';
export type { MachineSettings } from './machine-settings.js';
export type { RecordStore } from './state/records/record-store.js';
export { SystemMachine } from './system/system-machine.js';
export type {
  Member,
  MemberRole,
  SystemCommand,
  SystemResult,
  SystemState,
} from './system/system-state.js';
