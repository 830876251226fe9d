import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';
import type { MachineSettings } from './machine-settings.js';

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
const SLAB_BYTES = 16 * 1024;

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

/** Requests of one cheap command that arrived together: one entry, an outcome for each. */
export interface RenewalsPayload {
  /** `RenewInstances`. */
  readonly command: string;
  readonly requests: readonly { readonly namespace: string; readonly body: string }[];
}

export interface EntryStamp {
  readonly time: LogTime;
  readonly level: number;
}

export function encodeCommand(entry: CommandEntry): Uint8Array {
  const { namespace, command, body } = entry;
  const start = HEADER_BYTES + 2 + namespace.length + command.length;
  invariant(namespace.length < 256 && command.length < 256, 'names fit their length byte');
  const bytes = entryBytes(start + body.length);
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

/** Puts new limits into the replicated state: see `MachineSettings`. */
export const encodeSettings = (stamp: EntryStamp, settings: MachineSettings): Uint8Array =>
  encodeJson('settings', stamp, settings);

/** A command of partition 0; see `system-machine.ts`. */
export const encodeSystem = (stamp: EntryStamp, command: object): Uint8Array =>
  encodeJson('system', stamp, command);

function encodeJson(type: EntryType, stamp: EntryStamp, payload: object): Uint8Array {
  const text = JSON.stringify(payload);
  const bytes = entryBytes(HEADER_BYTES + Buffer.byteLength(text));
  writeHeader(bytes, type, stamp);
  bytes.write(text, HEADER_BYTES);
  return bytes;
}

/** What new entries are cut from, and how much of it is taken. */
let slab = Buffer.alloc(0);
let slabUsed = 0;

/**
 * An entry stays in the log's tail long after its neighbours in the pool of `Buffer` are gone, and
 * would keep all of their pool alive: four times its own bytes. So entries share with entries only.
 */
function entryBytes(length: number): Buffer {
  if (length * 2 > SLAB_BYTES) return Buffer.allocUnsafeSlow(length);
  if (slabUsed + length > slab.length) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += length;
  return slab.subarray(slabUsed - length, slabUsed);
}

function writeHeader(bytes: Buffer, type: EntryType, { time, level }: EntryStamp): void {
  bytes[0] = ENTRY_FORMAT;
  bytes[1] = ENTRY_TYPES[type];
  bytes.writeUInt16LE(level, 2);
  bytes.writeDoubleLE(time, 4);
}

/** An entry's bytes, taken apart as far as its header says. */
export interface DecodedEntry {
  readonly type: EntryType;
  readonly level: number;
  readonly time: LogTime;
  /** Empty but for commands. */
  readonly namespace: string;
  readonly command: string;
  /** JSON text: the request of a command, the payload of other types. */
  readonly body: string;
}

const TYPE_NAMES = Object.keys(ENTRY_TYPES) as EntryType[];

/** Throws `UnreadableEntry` for what this program is too old to read. */
export function decodeEntry(data: Uint8Array, withBody: boolean): DecodedEntry {
  const bytes = Buffer.isBuffer(data)
    ? data
    : Buffer.from(data.buffer, data.byteOffset, data.length);
  const type = TYPE_NAMES[(bytes[1] ?? 0) - 1];
  if (bytes[0] !== ENTRY_FORMAT || type === undefined) {
    throw new UnreadableEntry(`entry format ${bytes[0]}, type ${bytes[1]}`);
  }
  const level = bytes.readUInt16LE(2);
  const time = bytes.readDoubleLE(4) as LogTime;
  if (type !== 'command') {
    const body = bytes.toString('utf8', HEADER_BYTES);
    return { type, level, time, namespace: '', command: '', body };
  }
  const namespaceEnd = HEADER_BYTES + 1 + (bytes[HEADER_BYTES] as number);
  const commandEnd = namespaceEnd + 1 + (bytes[namespaceEnd] as number);
  return {
    type,
    level,
    time,
    namespace: nameAt(bytes, HEADER_BYTES + 1, namespaceEnd),
    command: nameAt(bytes, namespaceEnd + 1, commandEnd),
    body: withBody ? bytes.toString('utf8', commandEnd) : '',
  };
}

/** Names read last, each in a place that follows from its length and ends. */
const NAME_PLACES = 64;
const names = new Array<string>(NAME_PLACES).fill('');

/** The same few names come again and again, and records keep them: one string serves them all. */
function nameAt(bytes: Buffer, from: number, to: number): string {
  if (from >= to || to > bytes.length) return bytes.toString('latin1', from, to);
  const place = (to - from + (bytes[from] as number) * 3 + (bytes[to - 1] as number)) % NAME_PLACES;
  const known = names[place] as string;
  if (isAt(bytes, from, to, known)) return known;
  const name = bytes.toString('latin1', from, to);
  names[place] = name;
  return name;
}

function isAt(bytes: Buffer, from: number, to: number, name: string): boolean {
  if (name.length !== to - from) return false;
  for (let at = from; at < to; at += 1) {
    if (bytes[at] !== name.charCodeAt(at - from)) return false;
  }
  return true;
}

/** The entry was written by a newer program: this one must stop rather than misread it. */
export class UnreadableEntry extends Error {
  override readonly name = 'UnreadableEntry';

  constructor(what: string) {
    super(`this program cannot read ${what}; it was written by a newer one: upgrade this node`);
  }
}
