import { crc32c } from '@node-rs/crc32';

/** Below this many bytes the call into native code costs more than the loop. */
const NATIVE_FROM_BYTES = 96;
const POLYNOMIAL = 0x82f63b78;

const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  TABLE[byte] = rest;
}

/** CRC32C of bytes [from, to), continuing from `seed` (another checksum, or any 32-bit number). */
export function checksum(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  if (to - from >= NATIVE_FROM_BYTES) return crc32c(bytes.subarray(from, to), seed >>> 0);
  let crc = ~seed;
  for (let at = from; at < to; at += 1) {
    crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}
