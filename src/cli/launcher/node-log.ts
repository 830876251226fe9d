import { renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** A log file larger than this becomes `<file>.1`, replacing the one before it. */
const fileBytesMax = 64 * 1024 * 1024;
/** Lines kept in memory to show when a node fails. */
const tailLinesMax = 20;
/** Longer lines are cut: nothing a node logs may fill the launcher's memory. */
const lineCharsMax = 64 * 1024;

/** One structured line of a node, as far as the launcher understands it. */
export interface LogLine {
  readonly level: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

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
    this.onLine(parseLine(text));
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

const LEVELS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};
/** What is not JSON comes from outside the logger: a crash, a warning of Node's. */
const unstructuredLevel = LEVELS['error'] ?? 50;

export function parseLine(text: string): LogLine {
  try {
    const fields = JSON.parse(text) as unknown;
    if (typeof fields === 'object' && fields !== null) {
      const { level, msg, ...rest } = fields as Record<string, unknown>;
      const number = typeof level === 'string' ? LEVELS[level] : level;
      return {
        level: typeof number === 'number' ? number : 30,
        message: typeof msg === 'string' ? msg : '',
        fields: rest,
      };
    }
  } catch {
    // Falls through: plain text.
  }
  return { level: unstructuredLevel, message: text, fields: {} };
}
