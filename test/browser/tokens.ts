import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOf, newToken, type Role } from '../../src/http/access/tokens-file.js';

/** Tokens that the nodes under test know, by role. */
export const tokens = { reader: newToken(), operator: newToken() };

export const asOperator = { authorization: `Bearer ${tokens.operator}` };

/** Writes the file that `METAD_HTTP_TOKENS_FILE` names, in a new folder. */
export function writeTokensFile(): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'metad-tokens-'));
  const file = join(folder, 'tokens.json');
  const entry = (role: Role & keyof typeof tokens) => ({
    name: role,
    role,
    sha256: hashOf(tokens[role]).toString('hex'),
  });
  const text = JSON.stringify({ tokens: [entry('reader'), entry('operator')] });
  writeFileSync(file, text, { mode: 0o600 });
  return { folder, file };
}
