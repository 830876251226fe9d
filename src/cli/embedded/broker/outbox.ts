import type { Socket } from 'node:net';
import type { Publication } from './protocol-parser.js';

/**
 * Below this a flush copies what it sends and keeps the buffer; above, it gives the buffer away.
 */
const copyBytesMax = 8 * 1024;
const bufferBytes = 64 * 1024;

/**
 * What goes to one client, gathered until the end of the turn and then written at once. Bounded:
 * `isOver` tells that the client reads too slowly and must be cut.
 */
export class Outbox {
  private buffer = Buffer.allocUnsafeSlow(bufferBytes);
  private used = 0;

  constructor(
    private readonly socket: Socket,
    private readonly pendingBytesMax: number,
  ) {}

  get pendingBytes(): number {
    return this.used + this.socket.writableLength;
  }

  get isOver(): boolean {
    return this.used + this.socket.writableLength > this.pendingBytesMax;
  }

  get isEmpty(): boolean {
    return this.used === 0;
  }

  text(line: string): void {
    this.reserve(line.length * 3);
    this.used += this.buffer.write(line, this.used, 'utf8');
  }

  message(sid: string, message: Publication): void {
    const size = message.end - message.start;
    const reply = message.reply === '' ? '' : `${message.reply} `;
    const head =
      message.headerBytes === 0
        ? `MSG ${message.subject} ${sid} ${reply}${size}\r\n`
        : `HMSG ${message.subject} ${sid} ${reply}${message.headerBytes} ${size}\r\n`;
    this.reserve(head.length + size + 2);
    this.used += this.buffer.write(head, this.used, 'latin1');
    // The payload's own line end follows it in the source: it is taken along.
    this.used += message.source.copy(this.buffer, this.used, message.start, message.end + 2);
  }

  flush(): void {
    if (this.used === 0) return;
    const bytes = this.buffer.subarray(0, this.used);
    this.used = 0;
    if (bytes.length <= copyBytesMax) this.socket.write(Buffer.from(bytes));
    else {
      this.buffer = Buffer.allocUnsafeSlow(bufferBytes);
      this.socket.write(bytes);
    }
  }

  private reserve(bytes: number): void {
    if (this.used + bytes <= this.buffer.length) return;
    this.flush();
    if (bytes > this.buffer.length) this.buffer = Buffer.allocUnsafeSlow(bytes);
  }
}
