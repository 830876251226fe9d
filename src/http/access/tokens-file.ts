import { createHash, randomBytes } from 'node:crypto';
import { parse } from 'yaml';
import { z } from 'zod';
import { NAME_TOKEN } from '@metad/contract';

export type Role = 'reader' | 'writer' | 'operator';

/** Who a token stands for, and what it may do. */
export interface TokenEntry {
  readonly name: string;
  readonly role: Role;
  /** Where a reader or writer may work; null: everywhere, `_all` included. */
  readonly namespaces: readonly string[] | null;
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null;
}

const tokensMax = 10_000;
const fileCharsMax = 4 * 1024 * 1024;
const PREFIX = 'metad_';
const token = z.string().regex(NAME_TOKEN, 'must be 1 to 64 of A-Z a-z 0-9 _ -');

const entrySchema = z
  .strictObject({
    name: token,
    role: z.enum(['reader', 'writer', 'operator']),
    namespaces: z.array(token).min(1).max(1_000).optional(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits'),
    expires: z.iso.datetime({ offset: true }).optional(),
  })
  .refine(({ role, namespaces }) => role !== 'writer' || namespaces !== undefined, {
    path: ['namespaces'],
    error: 'must be named for a writer',
  })
  .refine(({ role, namespaces }) => role !== 'operator' || namespaces === undefined, {
    path: ['namespaces'],
    error: 'cannot bound an operator',
  });

const fileSchema = z.strictObject({ tokens: z.array(entrySchema).max(tokensMax) });

/**
 * Reads `tokens: [{name, role, namespaces?, sha256, expires?}]` in YAML or JSON. All faults at
 * once; none means that `entries` is the whole file. The text of the file is in no fault.
 */
export function parseTokensFile(text: string): {
  readonly entries: readonly TokenEntry[];
  readonly faults: readonly string[];
} {
  if (text.length > fileCharsMax) return { entries: [], faults: ['is too large'] };
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0, logLevel: 'error' });
  } catch {
    return { entries: [], faults: ['is neither YAML nor JSON'] };
  }
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const { issues } = parsed.error;
    return { entries: [], faults: issues.map((i) => `${i.path.join('.')}: ${i.message}`) };
  }
  const entries = parsed.data.tokens.map(toEntry);
  const seen = new Set<string>();
  const twice = entries.filter(({ name }) => seen.size === seen.add(name).size);
  const faults = twice.map(({ name }) => `tokens: ${name} is there twice`);
  return { entries: faults.length > 0 ? [] : entries, faults };
}

function toEntry(raw: z.infer<typeof entrySchema>): TokenEntry {
  return {
    name: raw.name,
    role: raw.role,
    namespaces: raw.namespaces ?? null,
    hash: Buffer.from(raw.sha256, 'hex'),
    expiresAt: raw.expires === undefined ? null : Date.parse(raw.expires),
  };
}

/**
 * 256 random bits: a plain hash at rest is enough, for there is nothing to guess. The prefix lets
 * scanners of repositories find one that was committed by mistake.
 */
export const newToken = (): string => `${PREFIX}${randomBytes(32).toString('base64url')}`;

export const hashOf = (given: string): Buffer => createHash('sha256').update(given).digest();
