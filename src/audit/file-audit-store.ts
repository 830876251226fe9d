import { appendFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AuditEvent, StoredAuditEvent } from './audit-event.js';
import type { AuditQuery, AuditStore } from './audit-store.js';

/**
 * JSON lines, for a node without a database: `audit.jsonl`, and when that has reached its size
 * `audit.jsonl.1` and on; the oldest is deleted.
 */
export class FileAuditStore implements AuditStore {
  private lastId: number | null = null;

  constructor(
    private readonly file: string,
    private readonly fileBytesMax: number,
    private readonly filesMax: number,
  ) {}

  async append(events: readonly AuditEvent[]): Promise<void> {
    await mkdir(dirname(this.file), { recursive: true });
    await this.rotateIfFull();
    let id = this.lastId ?? (await this.storedLastId());
    const lines = events.map((event) => JSON.stringify({ id: (id += 1), ...event }));
    await appendFile(this.file, `${lines.join('\n')}\n`, { mode: 0o600 });
    this.lastId = id;
  }

  async list({ before, limit, kind, actor }: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    const found: StoredAuditEvent[] = [];
    for (let number = 0; number < this.filesMax && found.length < limit; number += 1) {
      for (const event of await this.newestFirst(number)) {
        if (before !== null && event.id >= before) continue;
        if (kind !== null && event.kind !== kind) continue;
        if (actor !== null && event.actor !== actor) continue;
        found.push(event);
        if (found.length === limit) break;
      }
    }
    return found;
  }

  async close(): Promise<void> {
    // Nothing is held open between two appends.
  }

  private async rotateIfFull(): Promise<void> {
    const size = await stat(this.file).then(
      (found) => found.size,
      () => 0,
    );
    if (size < this.fileBytesMax) return;
    await rm(this.name(this.filesMax - 1), { force: true });
    for (let number = this.filesMax - 2; number >= 0; number -= 1) {
      await rename(this.name(number), this.name(number + 1)).catch(ignoreAbsence);
    }
  }

  private async storedLastId(): Promise<number> {
    for (let number = 0; number < this.filesMax; number += 1) {
      const [newest] = await this.newestFirst(number);
      if (newest !== undefined) return newest.id;
    }
    return 0;
  }

  /** A line that a crash cut short is left out. */
  private async newestFirst(number: number): Promise<StoredAuditEvent[]> {
    const text = await readFile(this.name(number), 'utf8').catch(ignoreAbsence);
    const lines = (text ?? '').split('\n').filter((line) => line !== '');
    return lines.reverse().flatMap(parsed);
  }

  private name(number: number): string {
    return number === 0 ? this.file : `${this.file}.${number}`;
  }
}

function parsed(line: string): StoredAuditEvent[] {
  try {
    return [JSON.parse(line) as StoredAuditEvent];
  } catch {
    return [];
  }
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
