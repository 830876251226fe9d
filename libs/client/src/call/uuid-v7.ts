import { randomFillSync } from 'node:crypto';

const poolIds = 128;
const randomBytesEach = 10;
const pool = Buffer.alloc(poolIds * randomBytesEach);
let used = poolIds;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const hex = (byte: number | undefined): string => HEX[(byte ?? 0) & 0xff] as string;

/**
 * A UUID of version 7 (RFC 9562): 48 bits of milliseconds, 74 random bits. Ids made later sort
 * later from one millisecond to the next, which keeps histories and indexes in order of time.
 */
export function uuidV7(nowMs: number): string {
  if (used === poolIds) {
    randomFillSync(pool); // One system call for many ids.
    used = 0;
  }
  const at = used * randomBytesEach;
  used += 1;
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  const version = 0x70 | ((pool[at] as number) & 0x0f);
  const variant = 0x80 | ((pool[at + 2] as number) & 0x3f);
  let node = '';
  for (let offset = 4; offset < randomBytesEach; offset += 1) node += hex(pool[at + offset]);
  const middle = `${hex(version)}${hex(pool[at + 1])}-${hex(variant)}${hex(pool[at + 3])}`;
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-${middle}-${node}`;
}
