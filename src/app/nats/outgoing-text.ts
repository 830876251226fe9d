/** What texts are written to, and how much of it is taken. */
let slab = Buffer.alloc(0);
let taken = 0;

const SLAB_BYTES = 64 * 1024;
/** A text longer than this has a buffer of its own. */
const charsMax = 4_096;
const bytesPerCharMax = 3;

/**
 * UTF-8 of a text that is about to leave, for a moment only: texts share what they are written to.
 * A thousandth of a second later the client library has copied them into what it sends; the pool of
 * `Buffer` is used up by every third answer, and measures each text before it writes it.
 */
export function outgoing(text: string): Buffer {
  if (!makeRoom(text.length)) return Buffer.from(text);
  const start = taken;
  taken += slab.write(text, start);
  return slab.subarray(start, taken);
}

/** The same of a text in parts: to put long ones together first would copy them twice. */
export function outgoingParts(parts: readonly string[]): Buffer {
  let chars = 0;
  for (const part of parts) chars += part.length;
  if (!makeRoom(chars)) return Buffer.from(parts.join(''));
  const start = taken;
  for (const part of parts) if (part !== '') taken += slab.write(part, taken);
  return slab.subarray(start, taken);
}

function makeRoom(chars: number): boolean {
  if (chars > charsMax) return false;
  if (slab.length - taken < chars * bytesPerCharMax) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    taken = 0;
  }
  return true;
}
