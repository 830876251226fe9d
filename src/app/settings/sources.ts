import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { flagsToEnvironment } from '../command-line.js';
import { ConfigurationError, environmentSchema, type Variable } from '../configuration.js';
import { nearest } from './unknown-variables.js';

export type Source = 'default' | 'file' | 'environment' | 'flag';

/** What a node is told, and where each of it came from. */
export interface Gathered {
  readonly environment: NodeJS.ProcessEnv;
  readonly sources: ReadonlyMap<Variable, Source>;
}

const VARIABLES = Object.keys(environmentSchema.shape) as Variable[];
const fileBytesMax = 256 * 1024;

/**
 * Flags win over the environment, the environment over the file that `METAD_CONFIG_FILE` names (a
 * mapping of variables in YAML or JSON). Throws ConfigurationError, UnknownFlagError.
 */
export function gather(flags: readonly string[], process: NodeJS.ProcessEnv): Gathered {
  const fromFlags = flagsToEnvironment(flags);
  const file = process['METAD_CONFIG_FILE'] ?? '';
  const fromFile = file === '' ? {} : readSettingsFile(file);
  const sources = new Map<Variable, Source>();
  for (const variable of VARIABLES) {
    if (fromFlags[variable] !== undefined) sources.set(variable, 'flag');
    else if (process[variable] !== undefined) sources.set(variable, 'environment');
    else if (fromFile[variable] !== undefined) sources.set(variable, 'file');
    else sources.set(variable, 'default');
  }
  return { environment: { ...fromFile, ...process, ...fromFlags }, sources };
}

function readSettingsFile(file: string): Record<string, string> {
  const wrong = (reason: string) =>
    new ConfigurationError([{ variable: 'METAD_CONFIG_FILE', reason: `${file}: ${reason}` }]);
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > fileBytesMax) throw new Error(`larger than ${fileBytesMax} bytes`);
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    throw wrong((error as Error).message.split('\n')[0] ?? 'cannot be read');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong('must be a mapping of variables');
  }
  const faults = Object.entries(value).flatMap(([name, given]) => faultOf(file, name, given));
  if (faults.length > 0) throw new ConfigurationError(faults);
  return Object.fromEntries(Object.entries(value).map(([name, given]) => [name, String(given)]));
}

function faultOf(file: string, name: string, given: unknown) {
  if (!VARIABLES.includes(name as Variable)) {
    const near = nearest(name, VARIABLES);
    const hint = near === null ? '' : `; did you mean ${near}?`;
    return [{ variable: name, reason: `in ${file} is not a setting of metad${hint}` }];
  }
  if (['string', 'number'].includes(typeof given)) return [];
  return [{ variable: name, reason: `in ${file} must be text or a number` }];
}
