import { invariant } from '@metad/foundation';

const utf8 = new TextEncoder();

/**
 * Packs integers, strings and bytes one after another into a buffer that grows by doubling.
 * Reused between frames through `reset`, so that steady traffic allocates nothing here.
 * Fixed-width integers are little-endian; `varint` is LEB128 for integers up to 2⁵³ − 1.
 */
export class ByteWriter {
  private buffer: Uint8Array;
  /** Bytes written so far, and where the next one goes. */
  length = 0;

  constructor(capacity = 4096) {
    this.buffer = new Uint8Array(capacity);
  }

  /** Forgets the content and keeps the memory. Views handed out before become garbage. */
  reset(): void {
    this.length = 0;
  }

  /** The written bytes, without a copy: valid until the next write or reset. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** The written bytes as a copy that the caller owns. */
  copy(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  u8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    const { buffer, length } = this;
    buffer[length] = value;
    buffer[length + 1] = value >>> 8;
    this.length = length + 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.putU32(this.length, value);
    this.length += 4;
  }

  /** An integer up to 2⁴⁸ − 1 in six bytes. */
  u48(value: number): void {
    this.reserve(6);
    const { length } = this;
    const high = Math.floor(value / 0x1_0000_0000);
    this.putU32(length, value);
    this.buffer[length + 4] = high;
    this.buffer[length + 5] = high >>> 8;
    this.length = length + 6;
  }

  /** A non-negative integer up to 2⁵³ − 1 in one to eight bytes, small ones short. */
  varint(value: number): void {
    invariant(value >= 0, 'a varint is not negative');
    this.reserve(8);
    const { buffer } = this;
    let rest = value;
    let at = this.length;
    while (rest > 0x7fff_ffff) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.length = at;
  }

  /** Raw bytes; their length must be known to the reader by other means. */
  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Bytes with their length before them, as a varint. */
  bytes(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** UTF-8 with its length in bytes before it, as a varint. */
  string(text: string): void {
    const start = this.length;
    this.varint(text.length);
    this.reserve(text.length);
    const { buffer } = this;
    const from = this.length;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) {
        this.length = start;
        this.bytes(utf8.encode(text));
        return;
      }
      buffer[from + at] = unit;
    }
    this.length = from + text.length;
  }

  /** Leaves room for `count` bytes, content undefined, and returns where they start. */
  skip(count: number): number {
    this.reserve(count);
    const at = this.length;
    this.length = at + count;
    return at;
  }

  /** Overwrites four bytes written before, say a length or a checksum known only later. */
  putU32(at: number, value: number): void {
    const { buffer } = this;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
  }

  /** Overwrites two bytes written before. */
  putU16(at: number, value: number): void {
    this.buffer[at] = value;
    this.buffer[at + 1] = value >>> 8;
  }

  /**
   * The memory that the written bytes lie in, from offset 0: no view is made. Valid until the next
   * write or reset, and only up to `length`.
   */
  get memory(): Uint8Array {
    return this.buffer;
  }

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
