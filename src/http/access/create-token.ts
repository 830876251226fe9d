import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { hashOf, newToken, parseTokensFile } from './tokens-file.js';

export const TOKEN_USAGE = `metad token create --name <name> --role reader|writer|operator
                   [--namespace <namespace>]… [--expires <duration, 90d>]

Prints a new token once, and the entry for the file that METAD_HTTP_TOKENS_FILE names.
`;

/** A wrong flag; `message` names it. */
export class TokenUsageError extends Error {
  override readonly name = 'TokenUsageError';
}

const days = /^(\d{1,5})d$/;
const dayMs = 86_400_000;

/** The token, which is kept nowhere, and the entry that knows it by its hash. */
export function createToken(
  args: readonly string[],
  now: number,
): { readonly token: string; readonly entry: string } {
  const { name, role, namespace, expires } = flagsOf(args);
  if (role === undefined) throw new TokenUsageError('--role is needed');
  const token = newToken();
  const raw = {
    name: name ?? `${role}-${new Date(now).toISOString().slice(0, 10)}`,
    role,
    ...(namespace !== undefined && { namespaces: namespace.flatMap((each) => each.split(',')) }),
    sha256: hashOf(token).toString('hex'),
    ...(expires !== undefined && { expires: expiry(expires, now) }),
  };
  const entry = stringify({ tokens: [raw] });
  const { faults } = parseTokensFile(entry);
  if (faults.length > 0) throw new TokenUsageError(faults.join('; '));
  return { token, entry };
}

function flagsOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      options: {
        name: { type: 'string' },
        role: { type: 'string' },
        namespace: { type: 'string', multiple: true },
        expires: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new TokenUsageError((error as Error).message);
  }
}

function expiry(text: string, now: number): string {
  const [, count] = days.exec(text) ?? [];
  if (count === undefined) throw new TokenUsageError('--expires is a number of days: 90d');
  return new Date(now + Number(count) * dayMs).toISOString();
}
