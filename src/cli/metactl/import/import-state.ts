import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { UsageError } from '../exit-code.js';

/**
 * How far an import has come: the first `lines` lines are settled, and `digest` stands for their
 * content. Lines after them may be settled too; sent again they are recognized by their ids.
 */
export interface ImportState {
  readonly version: 1;
  readonly lines: number;
  readonly digest: string;
  readonly counts: ImportCounts;
}

export interface ImportCounts {
  applied: number;
  noop: number;
  duplicate: number;
  rejected: number;
}

export const noCounts = (): ImportCounts => ({ applied: 0, noop: 0, duplicate: 0, rejected: 0 });

/** The digest of nothing, and how each line continues it. */
export const firstDigest = '';
export function continueDigest(digest: string, text: string): string {
  return createHash('sha256').update(digest).update('\n').update(text).digest('base64url');
}

export async function loadState(file: string): Promise<ImportState | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  const state = parse(text);
  if (state?.version !== 1) throw new UsageError(`${file} is no import state: remove it`);
  return state;
}

/** Whole or not at all: a crash while writing leaves the state before. */
export async function saveState(file: string, state: ImportState): Promise<void> {
  const draft = `${file}.new`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`);
  await rename(draft, file);
}

function parse(text: string): ImportState | null {
  try {
    return JSON.parse(text) as ImportState;
  } catch {
    return null;
  }
}
