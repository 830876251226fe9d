import { environmentSchema } from './configuration.js';

const known = new Set(Object.keys(environmentSchema.shape));

/** A flag that names no setting. */
export class UnknownFlagError extends Error {
  override readonly name = 'UnknownFlagError';
}

/**
 * `metad serve --node n1 --http-port=0 --nats-url …` → environment variables. A flag is the
 * variable's name in kebab case, with or without the `metad-` in front; flags win over variables.
 */
export function flagsToEnvironment(flags: readonly string[]): Record<string, string> {
  const environment: Record<string, string> = {};
  for (let at = 0; at < flags.length; at += 1) {
    const flag = flags[at] ?? '';
    if (!flag.startsWith('--')) throw new UnknownFlagError(`unexpected argument ${flag}`);
    const [name = '', inline] = flag.slice(2).split(/=(.*)/s, 2);
    const variable = variableOf(name);
    if (inline === undefined) at += 1;
    const value = inline ?? flags[at];
    if (value === undefined) throw new UnknownFlagError(`--${name} needs a value`);
    environment[variable] = value;
  }
  return environment;
}

function variableOf(flag: string): string {
  const bare = flag.toUpperCase().replaceAll('-', '_');
  const variable = [bare, `METAD_${bare}`].find((name) => known.has(name));
  if (variable === undefined) {
    const flags = [...known].map(
      (name) =>
        `--${name
          .replace(/^METAD_/, '')
          .toLowerCase()
          .replaceAll('_', '-')}`,
    );
    throw new UnknownFlagError(`unknown flag --${flag}; known: ${flags.join(' ')}`);
  }
  return variable;
}
