import type { Random } from '@metad/foundation';

type Change = (bytes: Buffer, random: Random, others: readonly Uint8Array[]) => Uint8Array;

const at = (bytes: Uint8Array, random: Random): number => random.below(Math.max(1, bytes.length));

/** Every way in which bytes are changed at random. */
const CHANGES: readonly Change[] = [
  (bytes, random) => {
    const index = at(bytes, random);
    bytes[index] = (bytes[index] ?? 0) ^ (1 << random.below(8));
    return bytes;
  },
  (bytes, random) => {
    for (let count = random.below(16); count >= 0; count -= 1) {
      bytes[at(bytes, random)] = random.below(256);
    }
    return bytes;
  },
  (bytes, random) => bytes.subarray(0, at(bytes, random)),
  (bytes, random) => bytes.subarray(at(bytes, random)),
  (bytes, random) => {
    const cut = at(bytes, random);
    const more = Buffer.alloc(1 + random.below(64), random.below(256));
    return Buffer.concat([bytes.subarray(0, cut), more, bytes.subarray(cut)]);
  },
  (bytes, random, others) => {
    const other = others[random.below(others.length)] ?? bytes;
    return Buffer.concat([bytes.subarray(0, at(bytes, random)), other.subarray(at(other, random))]);
  },
  // Where the counters stand: what a replay would have to change.
  (bytes, random) => {
    const field = random.below(2) === 0 ? 4 : 12;
    if (bytes.length >= field + 8) bytes.writeDoubleLE(random.below(2 ** 31) * 2 ** 20, field);
    return bytes;
  },
  // The flags: a frame that calls itself unsealed, or an answer.
  (bytes, random) => {
    if (bytes.length > 3) bytes[3] = random.below(256);
    return bytes;
  },
];

/** One frame out of true ones, changed; it may come out unchanged, which is a replay. */
export function mutated(frames: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Uint8Array = Buffer.from(frames[random.below(frames.length)] ?? []);
  for (let rounds = 1 + random.below(3); rounds > 0; rounds -= 1) {
    const change = CHANGES[random.below(CHANGES.length)] as Change;
    bytes = change(Buffer.from(bytes), random, frames);
  }
  return bytes;
}
