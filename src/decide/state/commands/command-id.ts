import { invariant } from '@metad/foundation';

/** The four words of a UUID, most significant first; overwritten by the next call. */
export const words = new Uint32Array(4);

// The id in `words`: it is looked for, and then remembered.
let read = '';

/**
 * Reads a UUID's 36 characters, of either case, into `words`: without a string or an object for
 * it, since every command passes here on every replica. The door lets nothing else in.
 */
export function readCommandId(id: string): void {
  if (id === read) return;
  invariant(id.length === 36, 'a command id is a UUID');
  read = '';
  words[0] = hex(id, 0, 8);
  words[1] = hex(id, 9, 13) * 0x1_0000 + hex(id, 14, 18);
  words[2] = hex(id, 19, 23) * 0x1_0000 + hex(id, 24, 28);
  words[3] = hex(id, 28, 36);
  read = id;
}

function hex(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    // '0'…'9', then 'a'…'f' whatever the case.
    const digit = code < 58 ? code - 48 : (code | 32) - 87;
    invariant(digit >= 0 && digit < 16, 'a command id is a UUID');
    value = value * 16 + digit;
  }
  return value;
}

/** The UUID of four words, in lower case. */
export function formatCommandId(ids: readonly number[]): string {
  const text = ids.map(word).join('');
  const dashed = [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20)];
  return `${dashed.join('-')}-${text.slice(20)}`;
}

const word = (value: number): string => value.toString(16).padStart(8, '0');

/** When a UUID of version 7 was made, in milliseconds since the epoch; null for other versions. */
export function timeOfCommandId(id: string): number | null {
  if (id.charCodeAt(14) !== 55) return null;
  return hex(id, 0, 8) * 0x1_0000 + hex(id, 9, 13);
}
