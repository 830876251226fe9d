import { fdatasync, fsyncSync, ftruncateSync, openSync, writeSync, writev } from 'node:fs';
import { crc32 } from '@node-rs/crc32';

const headBytes = 8;

/**
 * Group commit and nothing else: while one write and fdatasync is under way the next batch
 * gathers. The file is a ring written over and over, filled beforehand, so that fdatasync never
 * has a new length to record.
 */
export class GroupLog {
  private readonly file: number;
  private queue: { readonly bytes: Buffer; readonly onDurable: () => void }[] = [];
  private position = 0;
  private scheduled = false;
  writing = false;
  /** Called whenever a write has ended: the moment to hand over the next batch. */
  onIdle: () => void = () => undefined;

  constructor(
    path: string,
    private readonly sizeBytes: number,
  ) {
    this.file = openSync(path, 'w+');
    ftruncateSync(this.file, sizeBytes);
    const zeros = Buffer.alloc(1 << 20);
    for (let at = 0; at < sizeBytes; at += zeros.length) {
      writeSync(this.file, zeros, 0, zeros.length, at);
    }
    fsyncSync(this.file);
  }

  append(bytes: Buffer, onDurable: () => void): void {
    this.queue.push({ bytes, onDurable });
    this.schedule();
  }

  private schedule(): void {
    if (this.writing || this.scheduled || this.queue.length === 0) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (!this.writing) this.flush();
    });
  }

  private flush(): void {
    const batch = this.queue;
    this.queue = [];
    const parts: Buffer[] = [];
    let length = 0;
    for (const { bytes } of batch) {
      const head = Buffer.allocUnsafe(headBytes);
      head.writeUInt32LE(bytes.length, 0);
      head.writeUInt32LE(crc32(bytes), 4);
      parts.push(head, bytes);
      length += headBytes + bytes.length;
    }
    if (this.position + length > this.sizeBytes) this.position = 0;
    this.writing = true;
    writev(this.file, parts, this.position, (failed) => {
      if (failed) throw failed;
      fdatasync(this.file, (error) => {
        if (error) throw error;
        this.onFlushed(batch);
      });
    });
    this.position += length;
  }

  private onFlushed(batch: readonly { readonly onDurable: () => void }[]): void {
    this.writing = false;
    for (const { onDurable } of batch) onDurable();
    this.onIdle();
    this.schedule();
  }
}
