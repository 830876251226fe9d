import type { LogIndex, LogTime } from '@metad/foundation';
import { jsonText } from '@metad/eventsourcing';
import type { StoredRecord, Value } from '@metad/eventsourcing';
import type { RecordHeap } from './record-heap.js';

/*
 * A version of a record as bytes, little endian:
 *
 *     version · fence · index · created · updated (8 each) · bytes of the key, flags (2 each) ·
 *     key · value as JSON
 *
 * Kind, namespace and the end of the lease are not part of it: the first two are shared by many
 * records, the last moves without a new version.
 */
const FENCE = 8;
const INDEX = 16;
const CREATED_AT = 24;
const UPDATED_AT = 32;
const KEY_BYTES = 40;
const FLAGS = 42;
const FIXED_BYTES = 44;

const NO_FENCE = -1;
const PLAIN_KEY = 1;
const PLAIN_VALUE = 2;
/** Up to so many units of text, its greatest possible size is near enough. */
const SHORT = 1_024;

/** Bytes and the same bytes: of a chunk, or of an image. */
export interface VersionBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** Writes the record's version, which is the row's from then on. */
export function writeVersion(heap: RecordHeap, row: number, record: StoredRecord): void {
  const { key, version, fence, index, createdAt, updatedAt, value } = record;
  const text = jsonText(value);
  const chunk = heap.roomFor(FIXED_BYTES + bytesMaxOf(key) + bytesMaxOf(text));
  const at = heap.startIn(chunk);
  const { bytes, view } = chunk;
  const keyBytes = writeKey(bytes, key, at + FIXED_BYTES);
  const valueBytes = bytes.write(text, at + FIXED_BYTES + keyBytes);
  const plainKey = keyBytes === key.length ? PLAIN_KEY : 0;
  const plainValue = valueBytes === text.length ? PLAIN_VALUE : 0;
  view.setFloat64(at, version, true);
  view.setFloat64(at + FENCE, fence ?? NO_FENCE, true);
  view.setFloat64(at + INDEX, index, true);
  view.setFloat64(at + CREATED_AT, createdAt, true);
  view.setFloat64(at + UPDATED_AT, updatedAt, true);
  view.setUint16(at + KEY_BYTES, keyBytes, true);
  view.setUint16(at + FLAGS, plainKey | plainValue, true);
  heap.commit(row, FIXED_BYTES + keyBytes + valueBytes);
}

/** What a version does not say of its record. */
export interface RecordContext {
  readonly kind: string;
  readonly namespace: string;
  readonly expiresAt: LogTime | null;
}

export function readVersion(
  { bytes, view }: VersionBytes,
  at: number,
  length: number,
  { kind, namespace, expiresAt }: RecordContext,
): StoredRecord {
  const keyEnd = at + FIXED_BYTES + view.getUint16(at + KEY_BYTES, true);
  const flags = view.getUint16(at + FLAGS, true);
  const fence = view.getFloat64(at + FENCE, true);
  const text = textAt(bytes, keyEnd, at + length, (flags & PLAIN_VALUE) !== 0);
  return {
    kind,
    namespace,
    key: textAt(bytes, at + FIXED_BYTES, keyEnd, (flags & PLAIN_KEY) !== 0),
    version: view.getFloat64(at, true),
    fence: fence === NO_FENCE ? null : (fence as LogIndex),
    value: JSON.parse(text) as Value,
    createdAt: view.getFloat64(at + CREATED_AT, true) as LogTime,
    updatedAt: view.getFloat64(at + UPDATED_AT, true) as LogTime,
    index: view.getFloat64(at + INDEX, true) as LogIndex,
    expiresAt,
  };
}

/** Whether this is the version of a record with this key. */
export function hasKey({ bytes, view }: VersionBytes, at: number, key: string): boolean {
  const keyBytes = view.getUint16(at + KEY_BYTES, true);
  const from = at + FIXED_BYTES;
  if ((view.getUint16(at + FLAGS, true) & PLAIN_KEY) === 0) {
    return key === textAt(bytes, from, from + keyBytes, false);
  }
  if (keyBytes !== key.length) return false;
  for (let unit = 0; unit < keyBytes; unit += 1) {
    if (bytes[from + unit] !== key.charCodeAt(unit)) return false;
  }
  return true;
}

/** Returns how many bytes were written. Most keys are short and ASCII: a loop beats a call. */
function writeKey(bytes: Buffer, key: string, at: number): number {
  for (let unit = 0; unit < key.length; unit += 1) {
    const code = key.charCodeAt(unit);
    if (code > 0x7f) return bytes.write(key, at);
    bytes[at + unit] = code;
  }
  return key.length;
}

/** UTF-8 has at most three bytes for a unit of UTF-16. */
const bytesMaxOf = (text: string): number =>
  text.length <= SHORT ? text.length * 3 : Buffer.byteLength(text);

const textAt = (bytes: Buffer, from: number, to: number, isPlain: boolean): string =>
  bytes.toString(isPlain ? 'latin1' : 'utf8', from, to);
