import { createHash } from 'node:crypto';
import { MetadError } from '@metad/contract';

/** Where the next page begins: the order's values of the last row, bound to the query asked. */
interface PageCursor {
  readonly v: 1;
  /** Hash of query, namespace and parameters: a cursor fits the list it came from. */
  readonly q: string;
  readonly k: readonly (string | number)[];
}

export const queryHash = (name: string, namespace: string, params: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify([name, namespace, params]))
    .digest('base64url')
    .slice(0, 16);

export function encodeCursor(hash: string, keys: readonly (string | number)[]): string {
  const cursor: PageCursor = { v: 1, q: hash, k: keys };
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

/** What a key of the order is: text, or an integer from 0 up to this one. */
export type KeyType = 'text' | number;

/** Throws INVALID_ARGUMENT when the text is no cursor, or one of another list. */
export function decodeCursor(
  text: string,
  hash: string,
  types: readonly KeyType[],
): PageCursor['k'] {
  const cursor = parse(text);
  if (!cursor) throw invalidCursor('is not a cursor of this service');
  if (cursor.q !== hash) throw invalidCursor('belongs to another query, namespace or parameters');
  const { k: keys } = cursor;
  if (keys.length !== types.length || !keys.every((key, at) => isOfType(key, types[at]))) {
    throw invalidCursor('is not a cursor of this query');
  }
  return keys;
}

/** PostgreSQL would refuse to compare a column with anything else. Large integers come as text. */
function isOfType(key: string | number, type: KeyType = 'text'): boolean {
  if (type === 'text') return typeof key === 'string';
  return /^\d{1,16}$/.test(String(key)) && Number(key) <= type;
}

function parse(text: string): PageCursor | null {
  if (!/^[A-Za-z0-9_-]{1,8192}$/.test(text)) return null;
  try {
    const value = JSON.parse(
      Buffer.from(text, 'base64url').toString('utf8'),
    ) as Partial<PageCursor>;
    const sound =
      value !== null &&
      value.v === 1 &&
      typeof value.q === 'string' &&
      Array.isArray(value.k) &&
      value.k.every((key) => typeof key === 'number' || isCleanText(key));
    return sound ? (value as PageCursor) : null;
  } catch {
    return null;
  }
}

/** What PostgreSQL can take as text; a forged cursor must not reach it otherwise. */
const isCleanText = (key: unknown): boolean =>
  typeof key === 'string' && /^[^\p{Cc}\p{Cs}]*$/u.test(key);

const invalidCursor = (reason: string): MetadError =>
  new MetadError('INVALID_ARGUMENT', `cursor ${reason}`, {
    faults: [{ field: 'cursor', reason }],
  });
