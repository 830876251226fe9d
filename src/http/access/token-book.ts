import { timingSafeEqual } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { hashOf, parseTokensFile, type TokenEntry } from './tokens-file.js';

const tokenCharsMax = 256;
const pollMs = 2_000;

export interface TokenBookEvents {
  /** The file was read again. */
  readonly onReload: (tokens: number) => void;
  /** It could not be: what was known before stays in force. */
  readonly onTrouble: (reason: string) => void;
}

/** The tokens of a file, as it stands now. */
export class TokenBook {
  private entries: readonly TokenEntry[] = [];

  constructor(
    private readonly file: string,
    private readonly events: TokenBookEvents,
    private readonly now: () => number = Date.now,
  ) {
    const { entries, faults } = parseTokensFile(readFileSync(file, 'utf8'));
    if (faults.length > 0) throw new Error(`${file}: ${faults.join('; ')}`);
    this.entries = entries;
  }

  get size(): number {
    return this.entries.length;
  }

  /**
   * Whose token it is; null: nobody's, or one that has expired. Every entry is compared, in the
   * same time whether it matches or not.
   */
  find(given: string): TokenEntry | null {
    if (given.length > tokenCharsMax) return null;
    const hash = hashOf(given);
    let found: TokenEntry | null = null;
    for (const entry of this.entries) {
      if (timingSafeEqual(entry.hash, hash)) found = entry;
    }
    const { expiresAt } = found ?? { expiresAt: null };
    return expiresAt !== null && expiresAt <= this.now() ? null : found;
  }

  /** Reads the file again. A file that is missing or faulty changes nothing. */
  reload(): void {
    let text: string;
    try {
      text = readFileSync(this.file, 'utf8');
    } catch (error) {
      this.events.onTrouble(`${this.file} cannot be read: ${(error as Error).message}`);
      return;
    }
    const { entries, faults } = parseTokensFile(text);
    if (faults.length > 0) {
      this.events.onTrouble(`${this.file}: ${faults.join('; ')}`);
      return;
    }
    this.entries = entries;
    this.events.onReload(entries.length);
  }

  /** By polling: mounted secrets change by a swap of links, which file events miss. */
  watch(): void {
    watchFile(this.file, { interval: pollMs, persistent: false }, (now, before) => {
      if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) this.reload();
    });
  }

  close(): void {
    unwatchFile(this.file);
  }
}
