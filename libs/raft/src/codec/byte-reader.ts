/** The bytes end before the value does, or hold a value that no writer of ours produces. */
export type DecodeErrorCode = 'TRUNCATED' | 'MALFORMED';

/** Bytes that cannot be read. The caller may conclude that nothing of the frame is to be used. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';

  constructor(
    readonly code: DecodeErrorCode,
    /** Offset in the frame, bytes. */
    readonly offset: number,
    what: string,
  ) {
    super(`${what} at byte ${offset}`);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const VARINT_BYTES_MAX = 8;

/**
 * Reads what `ByteWriter` wrote. Every access is checked against the end: whatever the bytes are,
 * it returns a value or throws `DecodeError`, and it never reads outside [0, end).
 */
export class ByteReader {
  /** Where the next value starts. */
  offset: number;
  private source: Uint8Array;
  private end: number;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.source = bytes;
    this.offset = offset;
    this.end = Math.min(end, bytes.length);
  }

  /** Turns to other bytes, so that one reader serves a whole stream. */
  reset(bytes: Uint8Array, offset = 0, end = bytes.length): void {
    this.source = bytes;
    this.offset = offset;
    this.end = Math.min(end, bytes.length);
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  u8(): number {
    this.need(1);
    return this.source[this.offset++] as number;
  }

  u16(): number {
    this.need(2);
    const { source, offset } = this;
    this.offset = offset + 2;
    return (source[offset] as number) | ((source[offset + 1] as number) << 8);
  }

  u32(): number {
    this.need(4);
    const value = u32At(this.source, this.offset);
    this.offset += 4;
    return value;
  }

  u48(): number {
    this.need(6);
    const value = u48At(this.source, this.offset);
    this.offset += 6;
    return value;
  }

  varint(): number {
    const { source, end } = this;
    const start = this.offset;
    const limit = Math.min(end, start + VARINT_BYTES_MAX);
    let value = 0;
    let scale = 1;
    for (let at = start; at < limit; at += 1) {
      const byte = source[at] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        this.offset = at + 1;
        return value;
      }
      scale *= 128;
    }
    const short = limit === end && end - start < VARINT_BYTES_MAX;
    throw new DecodeError(short ? 'TRUNCATED' : 'MALFORMED', start, 'not an integer');
  }

  /** The next `count` bytes, without a copy: they keep the whole frame in memory. */
  rawView(count: number): Uint8Array {
    this.need(count);
    const from = this.offset;
    this.offset = from + count;
    return this.source.subarray(from, from + count);
  }

  /** The next `count` bytes as a copy. */
  rawCopy(count: number): Uint8Array {
    this.need(count);
    const from = this.offset;
    this.offset = from + count;
    return Uint8Array.prototype.slice.call(this.source, from, from + count);
  }

  /** Length-prefixed bytes, without a copy: they keep the whole frame in memory. */
  bytesView(): Uint8Array {
    return this.rawView(this.varint());
  }

  /** Length-prefixed bytes as a copy. */
  bytesCopy(): Uint8Array {
    return this.rawCopy(this.varint());
  }

  string(): string {
    const length = this.varint();
    this.need(length);
    const { source, offset } = this;
    this.offset = offset + length;
    if (length > 64) return this.decode(offset, length);
    let text = '';
    for (let at = offset; at < offset + length; at += 1) {
      const byte = source[at] as number;
      if (byte > 0x7f) return this.decode(offset, length);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** Throws unless everything was read: trailing bytes mean another format than ours. */
  expectEnd(): void {
    if (this.remaining > 0) throw new DecodeError('MALFORMED', this.offset, 'trailing bytes');
  }

  /** Says that the value just read, at `offset`, cannot be. */
  fail(what: string): never {
    throw new DecodeError('MALFORMED', this.offset, what);
  }

  private decode(offset: number, length: number): string {
    try {
      return utf8.decode(this.source.subarray(offset, offset + length));
    } catch {
      throw new DecodeError('MALFORMED', offset, 'not UTF-8');
    }
  }

  private need(count: number): void {
    if (count > this.end - this.offset) {
      throw new DecodeError('TRUNCATED', this.offset, `${count} bytes wanted`);
    }
  }
}

/** Little-endian reads at a known offset that the caller has checked. */
export const u32At = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>>
  0;

export const u16At = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8);

export const u48At = (bytes: Uint8Array, at: number): number =>
  u32At(bytes, at) + ((bytes[at + 4] as number) | ((bytes[at + 5] as number) << 8)) * 0x1_0000_0000;
