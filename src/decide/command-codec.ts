import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';

/**
 * Entry bytes of a user partition, version 1, little endian:
 *
 *     u8 format = 1 · u8 type · u16 feature level · f64 log time · payload
 *
 * The payload of a command is `u8 length, namespace · u8 length, command · request body`: the
 * client's own bytes stay opaque from the door to the state machine, where they are parsed once.
 * The payloads of the other types are JSON of the interfaces below: they are rare, or batched.
 */
export const ENTRY_FORMAT = 1;
const HEADER_BYTES = 12;

export const ENTRY_TYPES = { command: 1, expiry: 2, renewals: 3, settings: 4, system: 5 } as const;
export type EntryType = keyof typeof ENTRY_TYPES;

export interface CommandEntry {
  readonly namespace: string;
  readonly command: string;
  /** Stamped by the leader; the machine raises it to one more than the entry before if needed. */
  readonly time: LogTime;
  /** Feature level in force when it was proposed. */
  readonly level: number;
  /** The client's request, as received and validated. */
  readonly body: Uint8Array;
}

/** Times to live that the leader of `term` saw end; each is checked again when applied. */
export interface ExpiryPayload {
  readonly term: number;
  readonly records: readonly ExpiringRecord[];
}

export interface ExpiringRecord {
  readonly kind: string;
  readonly namespace: string;
  readonly key: string;
  readonly version: number;
}

/** `RenewInstances` requests that arrived together: one entry, an outcome for each. */
export interface RenewalsPayload {
  readonly requests: readonly { readonly namespace: string; readonly body: string }[];
}

interface EntryStamp {
  readonly time: LogTime;
  readonly level: number;
}

export function encodeCommand(entry: CommandEntry): Uint8Array {
  const { namespace, command, body } = entry;
  const start = HEADER_BYTES + 2 + namespace.length + command.length;
  invariant(namespace.length < 256 && command.length < 256, 'names fit their length byte');
  const bytes = Buffer.allocUnsafe(start + body.length);
  writeHeader(bytes, 'command', entry);
  bytes[HEADER_BYTES] = namespace.length;
  bytes.write(namespace, HEADER_BYTES + 1, 'latin1');
  bytes[HEADER_BYTES + 1 + namespace.length] = command.length;
  bytes.write(command, HEADER_BYTES + 2 + namespace.length, 'latin1');
  bytes.set(body, start);
  return bytes;
}

export const encodeExpiry = (stamp: EntryStamp, payload: ExpiryPayload): Uint8Array =>
  encodeJson('expiry', stamp, payload);

export const encodeRenewals = (stamp: EntryStamp, payload: RenewalsPayload): Uint8Array =>
  encodeJson('renewals', stamp, payload);

/** A command of partition 0; see `system-machine.ts`. */
export const encodeSystem = (stamp: EntryStamp, command: object): Uint8Array =>
  encodeJson('system', stamp, command);

function encodeJson(type: EntryType, stamp: EntryStamp, payload: object): Uint8Array {
  const text = JSON.stringify(payload);
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + Buffer.byteLength(text));
  writeHeader(bytes, type, stamp);
  bytes.write(text, HEADER_BYTES);
  return bytes;
}

function writeHeader(bytes: Buffer, type: EntryType, { time, level }: EntryStamp): void {
  bytes[0] = ENTRY_FORMAT;
  bytes[1] = ENTRY_TYPES[type];
  bytes.writeUInt16LE(level, 2);
  bytes.writeDoubleLE(time, 4);
}
