export {
  ENTRY_FORMAT,
  ENTRY_TYPES,
  encodeCommand,
  encodeExpiry,
  encodeRenewals,
  encodeSystem,
} from './command-codec.js';
export type {
  CommandEntry,
  EntryType,
  ExpiringRecord,
  ExpiryPayload,
  RenewalsPayload,
} from './command-codec.js';
