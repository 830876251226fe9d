import { ProtocolViolation } from './protocol-violation.js';

/**
 * The bytes of a client, cut into operations. Works on the chunks as they arrive: no string is made
 * of a payload, and a message that lies whole in one chunk is handed on as a range of it.
 */
export interface ProtocolHandler {
  onConnect(json: string): void;
  onPing(): void;
  onPong(): void;
  onSub(subject: string, queue: string, sid: string): void;
  onUnsub(sid: string, deliveredMax: number): void;
  /** `message` is used again for the next one: keep nothing of it. */
  onPublish(message: Publication): void;
}

/** One PUB or HPUB. Header and payload lie together at `source[start … end)`. */
export interface Publication {
  subject: string;
  reply: string;
  /** Length of the header block at the start, 0 for PUB. */
  headerBytes: number;
  source: Buffer;
  start: number;
  end: number;
}

/** As nats-server's default: an operation's line, CONNECT excepted, stays below this. */
const lineBytesMax = 4_096;
const connectBytesMax = 64 * 1024;
const argumentsMax = 5;

const SPACE = 0x20;
const TAB = 0x09;
const RETURN = 0x0d;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);

export class ProtocolParser {
  private carry: Buffer = NOTHING;
  /** A payload that began in an earlier chunk: its buffer, and how much has arrived. */
  private body: Buffer | null = null;
  private bodyBytes = 0;
  private readonly starts = new Int32Array(argumentsMax);
  private readonly ends = new Int32Array(argumentsMax);
  private readonly message: Publication = {
    subject: '',
    reply: '',
    headerBytes: 0,
    source: NOTHING,
    start: 0,
    end: 0,
  };

  constructor(
    private readonly handler: ProtocolHandler,
    private readonly payloadBytesMax: number,
  ) {}

  /** Throws `ProtocolViolation`; after a fatal one the parser must not be used again. */
  push(chunk: Buffer): void {
    let at = this.body === null ? 0 : this.fillBody(this.body, chunk);
    if (this.body !== null) return;
    const bytes = this.carry.length === 0 ? chunk : Buffer.concat([this.carry, chunk]);
    this.carry = NOTHING;
    while (at < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, at);
      if (newline === -1) {
        this.keepLine(bytes, at);
        return;
      }
      const end = newline > at && bytes[newline - 1] === RETURN ? newline - 1 : newline;
      at = this.onLine(bytes, at, end, newline + 1);
    }
  }

  private keepLine(bytes: Buffer, at: number): void {
    const isConnect = ((bytes[at] ?? 0) | SPACE) === 0x63;
    if (bytes.length - at > (isConnect ? connectBytesMax : lineBytesMax)) {
      throw new ProtocolViolation('Maximum Control Line Exceeded');
    }
    this.carry = Buffer.from(bytes.subarray(at));
  }

  /** Handles the operation at [at, end) and returns where the next one begins. */
  private onLine(bytes: Buffer, at: number, end: number, next: number): number {
    const first = (bytes[at] ?? 0) | SPACE;
    const second = (bytes[at + 1] ?? 0) | SPACE;
    if (first === 0x70 && second === 0x75) return this.onPub(bytes, at, end, next, false);
    if (first === 0x68 && second === 0x70) return this.onPub(bytes, at, end, next, true);
    if (first === 0x70 && second === 0x69) this.handler.onPing();
    else if (first === 0x70 && second === 0x6f) this.handler.onPong();
    else if (first === 0x73 && second === 0x75) this.onSub(bytes, at, end);
    else if (first === 0x75 && second === 0x6e) this.onUnsub(bytes, at, end);
    else if (first === 0x63 && second === 0x6f) {
      this.handler.onConnect(bytes.toString('utf8', at + 'CONNECT'.length, end).trim());
    } else if (end > at && first !== 0x2b && first !== 0x2d) {
      throw new ProtocolViolation('Unknown Protocol Operation');
    }
    return next;
  }

  private onSub(bytes: Buffer, at: number, end: number): void {
    const count = this.split(bytes, at, end, 'sub');
    if (count !== 2 && count !== 3) throw new ProtocolViolation('Parser Error');
    const queue = count === 3 ? this.argument(bytes, 1) : '';
    this.handler.onSub(this.argument(bytes, 0), queue, this.argument(bytes, count - 1));
  }

  private onUnsub(bytes: Buffer, at: number, end: number): void {
    const count = this.split(bytes, at, end, 'unsub');
    if (count !== 1 && count !== 2) throw new ProtocolViolation('Parser Error');
    this.handler.onUnsub(this.argument(bytes, 0), count === 2 ? this.size(bytes, 1) : 0);
  }

  private onPub(bytes: Buffer, at: number, end: number, next: number, headed: boolean): number {
    const sizes = headed ? 2 : 1;
    const count = this.split(bytes, at, end, headed ? 'hpub' : 'pub');
    if (count !== sizes + 1 && count !== sizes + 2) throw new ProtocolViolation('Parser Error');
    const message = this.message;
    message.subject = this.argument(bytes, 0);
    message.reply = count === sizes + 2 ? this.argument(bytes, 1) : '';
    const size = this.size(bytes, count - 1);
    message.headerBytes = headed ? this.size(bytes, count - 2) : 0;
    if (message.headerBytes > size) throw new ProtocolViolation('Parser Error');
    if (size > this.payloadBytesMax) throw new ProtocolViolation('Maximum Payload Violation');
    if (next + size + 2 <= bytes.length) {
      this.publish(bytes, next, next + size);
      return next + size + 2;
    }
    const body = Buffer.allocUnsafe(size + 2);
    this.bodyBytes = bytes.copy(body, 0, next);
    this.body = body;
    return bytes.length;
  }

  /** Adds a chunk to the waiting payload; returns how much of the chunk it took. */
  private fillBody(body: Buffer, chunk: Buffer): number {
    const taken = chunk.copy(body, this.bodyBytes);
    this.bodyBytes += taken;
    if (this.bodyBytes === body.length) {
      this.body = null;
      this.publish(body, 0, body.length - 2);
    }
    return taken;
  }

  private publish(source: Buffer, start: number, end: number): void {
    if (source[end] !== RETURN || source[end + 1] !== NEWLINE) {
      throw new ProtocolViolation('Unknown Protocol Operation');
    }
    this.message.source = source;
    this.message.start = start;
    this.message.end = end;
    this.handler.onPublish(this.message);
  }

  /** Finds the arguments after the operation's name; returns their number. */
  private split(bytes: Buffer, at: number, end: number, name: string): number {
    let cursor = at + name.length;
    let count = 0;
    if (!isBlank(bytes[cursor])) throw new ProtocolViolation('Unknown Protocol Operation');
    while (cursor < end) {
      while (cursor < end && isBlank(bytes[cursor])) cursor += 1;
      if (cursor === end) break;
      if (count === argumentsMax) throw new ProtocolViolation('Parser Error');
      if (cursor - at > lineBytesMax) throw new ProtocolViolation('Maximum Control Line Exceeded');
      this.starts[count] = cursor;
      while (cursor < end && !isBlank(bytes[cursor])) cursor += 1;
      this.ends[count] = cursor;
      count += 1;
    }
    return count;
  }

  /** Subjects go through as they came, byte for byte: Latin-1 both ways keeps UTF-8 intact. */
  private argument(bytes: Buffer, index: number): string {
    return bytes.toString('latin1', this.starts[index], this.ends[index]);
  }

  private size(bytes: Buffer, index: number): number {
    let value = 0;
    const end = this.ends[index] ?? 0;
    for (let at = this.starts[index] ?? 0; at < end; at += 1) {
      const digit = (bytes[at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9 || value > 1e9) throw new ProtocolViolation('Parser Error');
      value = value * 10 + digit;
    }
    return value;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB;
}
