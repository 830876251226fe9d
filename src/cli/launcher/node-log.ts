import { renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { parseLogLine, type LogLine } from '../../app/telemetry/log-line.js';

/** A log file larger than this becomes `<file>.1`, replacing the one before it. */
const fileBytesMax = 64 * 1024 * 1024;
/** Lines kept in memory to show when a node fails. */
const tailLinesMax = 20;
/** Longer lines are cut: nothing a node logs may fill the launcher's memory. */
const lineCharsMax = 64 * 1024;

/** What one node says: kept in a file, read line by line. */
export class NodeLog {
  private partial = '';
  private written: number;
  private readonly tailLines: string[] = [];
  private pending: Promise<void> = Promise.resolve();
  private handle: FileHandle | null = null;

  constructor(
    readonly file: string,
    private readonly onLine: (line: LogLine) => void,
  ) {
    this.written = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  get tail(): readonly string[] {
    return this.tailLines;
  }

  add(chunk: Buffer): void {
    this.pending = this.pending.then(() => this.write(chunk));
    const lines = (this.partial + chunk.toString('utf8')).split('\n');
    this.partial = (lines.pop() ?? '').slice(-lineCharsMax);
    for (const line of lines) this.take(line);
  }

  /** Everything given so far is in the file. */
  async close(): Promise<void> {
    await this.pending;
    await this.handle?.close();
    this.handle = null;
  }

  private take(text: string): void {
    if (text.trim() === '') return;
    this.tailLines.push(text);
    if (this.tailLines.length > tailLinesMax) this.tailLines.shift();
    this.onLine(parseLogLine(text));
  }

  private async write(chunk: Buffer): Promise<void> {
    if (this.written > fileBytesMax) {
      await this.handle?.close();
      this.handle = null;
      renameSync(this.file, `${this.file}.1`);
      this.written = 0;
    }
    this.handle ??= await open(this.file, 'a');
    await this.handle.write(chunk);
    this.written += chunk.length;
  }
}
