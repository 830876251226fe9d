/**
 * A 64-bit hash of JSON values in two 32-bit lanes, for digests and for recognising a repeated
 * command. It does not depend on the order of an object's properties (their hashes are added), and
 * a property that is null or undefined counts as absent, so that a value read back from database
 * rows hashes as the one that was written. It is not meant to resist a forger.
 *
 * One walk yields the hash and the size; nothing is allocated and no text is built. The object that
 * was hashed last inside another is remembered: a command's data are hashed with the command, and
 * again as the value of the record that follows from it.
 */
export interface ContentHash {
  /** Two's complement, 32 bits each: small integers to the engine. */
  readonly high: number;
  readonly low: number;
  /** About as many bytes as the value's JSON has in UTF-8: escapes are not counted. */
  readonly bytes: number;
}

const TAG = { string: 1, integer: 2, real: 3, true: 4, false: 5, null: 6, array: 7, object: 8 };
const NUMBER_BYTES = 8;

// Held here because a global is looked up anew on every call in the test runner's sandbox.
const { imul } = Math;

// Results of the last step of the walk: two lanes and the running size.
let high = 0;
let low = 0;
let bytes = 0;

const real = new Float64Array(1);
const realHalves = new Int32Array(real.buffer);

// Objects around the one that is being walked.
let depth = 0;

// An object directly inside the one that was hashed: values are never changed once made, so its
// identity stands for its content.
let known: object | null = null;
let knownHigh = 0;
let knownLow = 0;
let knownBytes = 0;

export function hashContent(value: unknown): ContentHash {
  bytes = 0;
  depth = 0;
  walk(value);
  return { high, low, bytes };
}

function walk(value: unknown): void {
  if (typeof value === 'string') walkString(value);
  else if (typeof value === 'number') walkNumber(value);
  else if (typeof value === 'boolean') finish(value ? TAG.true : TAG.false, 0, 0, 5);
  else if (value === null || value === undefined) finish(TAG.null, 0, 0, 4);
  else if (Array.isArray(value)) walkArray(value);
  else walkObject(value as Readonly<Record<string, unknown>>);
}

function walkString(text: string): void {
  let first = 0x2f0b4f9d ^ text.length;
  let second = 0x6c62272e ^ text.length;
  let utf8 = text.length + 2;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit > 0x7f) utf8 += unit > 0x7ff && (unit & 0xf800) !== 0xd800 ? 2 : 1;
    first = imul(first ^ unit, 0x5bd1e995);
    first ^= first >>> 15;
    second = imul(second ^ unit, 0x2c1b3c6d);
    second ^= second >>> 13;
  }
  finish(TAG.string, first, second, utf8);
}

function walkNumber(value: number): void {
  if (value === (value | 0)) {
    finish(TAG.integer, value | 0, value | 0, NUMBER_BYTES);
    return;
  }
  real[0] = value;
  finish(TAG.real, realHalves[0] as number, realHalves[1] as number, NUMBER_BYTES);
}

function walkArray(values: readonly unknown[]): void {
  let first = values.length;
  let second = ~values.length;
  bytes += 2 + values.length;
  for (const value of values) {
    walk(value);
    first = mix(imul(first, 31) ^ high);
    second = mix(imul(second, 37) ^ low);
  }
  finish(TAG.array, first, second, 0);
}

function walkObject(object: Readonly<Record<string, unknown>>): void {
  if (object === known) return recall();
  const bytesBefore = bytes;
  let first = 0;
  let second = 0;
  bytes += 2;
  depth += 1;
  for (const name in object) {
    const value = object[name];
    if (value === null || value === undefined) continue;
    walkString(name);
    const nameHigh = high;
    const nameLow = low;
    walk(value);
    first = (first + mix(imul(nameHigh, 3) ^ high)) | 0;
    second = (second + mix(imul(nameLow, 5) ^ low)) | 0;
    bytes += 2;
  }
  finish(TAG.object, first, second, 0);
  depth -= 1;
  if (depth !== 1) return;
  known = object;
  knownHigh = high;
  knownLow = low;
  knownBytes = bytes - bytesBefore;
}

function recall(): void {
  high = knownHigh;
  low = knownLow;
  bytes += knownBytes;
}

/** Ends one value: the tag keeps values of different types apart. */
function finish(tag: number, first: number, second: number, size: number): void {
  high = mix(first + imul(tag, 0x1e35a7bd));
  low = mix(second + imul(tag, 0x27d4eb2f));
  bytes += size;
}

/** Spreads every input bit over all output bits (the finaliser of MurmurHash3). */
function mix(word: number): number {
  let mixed = word ^ (word >>> 16);
  mixed = imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
