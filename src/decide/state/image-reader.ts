import { invariant } from '@metad/foundation';

const NEWLINE = 0x0a;

/** Reads lines and runs of bytes from chunks that were cut anywhere. */
export class ImageReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line without its end. */
  async line(): Promise<string> {
    let end = this.held.indexOf(NEWLINE);
    while (end < 0) {
      const searched = this.held.length;
      invariant(await this.more(), 'an image ends with a whole line');
      end = this.held.indexOf(NEWLINE, searched);
    }
    const text = this.held.toString('utf8', 0, end);
    this.held = this.held.subarray(end + 1);
    return text;
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.held.length < count) {
      invariant(await this.more(), 'an image holds all its commands');
    }
    const bytes = this.held.subarray(0, count);
    this.held = this.held.subarray(count);
    return bytes;
  }

  async isAtEnd(): Promise<boolean> {
    while (this.held.length === 0) if (!(await this.more())) return true;
    return false;
  }

  private async more(): Promise<boolean> {
    const next = await this.chunks.next();
    if (next.done === true) return false;
    const { value } = next;
    this.held =
      this.held.length === 0
        ? Buffer.from(value.buffer, value.byteOffset, value.length)
        : Buffer.concat([this.held, value]);
    return true;
  }
}
