import { UnknownFlagError } from '../command-line.js';
import {
  ConfigurationError,
  givenIn,
  type ConfigurationFault,
  type Variable,
} from '../configuration.js';
import { checkedConfiguration } from './checked-configuration.js';
import { masked } from './masking.js';
import { defaultOf, isRequired, SETTINGS } from './setting-table.js';
import { gather, type Gathered, type Source } from './sources.js';

export interface PrintedSetting {
  readonly variable: Variable;
  /** Null when it is not set and has no default. Secrets are masked. */
  readonly value: string | null;
  readonly source: Source;
}

/** What a node started like this would run with. */
export function effectiveSettings({ environment, sources }: Gathered): PrintedSetting[] {
  return (Object.keys(SETTINGS) as Variable[]).map((variable) => {
    const source = sources.get(variable) ?? 'default';
    const value = source === 'default' ? null : (givenIn(environment, variable) ?? null);
    if (value !== null) return { variable, value: masked(variable, value), source };
    return { variable, value: derivedDefault(variable, environment), source: 'default' };
  });
}

/** Defaults that follow from another variable. */
function derivedDefault(variable: Variable, environment: NodeJS.ProcessEnv): string | null {
  const node = givenIn(environment, 'METAD_NODE');
  if (node !== undefined) {
    if (variable === 'METAD_MEMBERS') return node;
    if (variable === 'METAD_DATA_DIR') return `./data/${node}`;
    if (variable === 'DATABASE_SCHEMA') return `metad_${node.toLowerCase().replaceAll('-', '_')}`;
  }
  return defaultOf(variable);
}

/** One line for each setting, in columns. */
export function settingsTable(settings: readonly PrintedSetting[]): string {
  const rows = settings.map(({ variable, value, source }) => {
    const absent = isRequired(variable) ? '(missing)' : '(not set)';
    return [variable, value ?? absent, source];
  });
  const lines = [['SETTING', 'VALUE', 'SOURCE'], ...rows];
  const widths = [0, 1].map((at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map(([name = '', value = '', source = '']) =>
      [name.padEnd(widths[0] ?? 0), value.padEnd(widths[1] ?? 0), source].join('  '),
    )
    .join('\n');
}

const OUTPUT_FLAG = /^--output(=|$)/;

/**
 * `metad config print [--output json] [flags…]`: what a node started like this would run with.
 * Faults are told as well, on standard error, and make the exit code 1. Throws what `gather` does.
 */
export function configPrint(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): { readonly out: string; readonly faults: readonly ConfigurationFault[] } {
  const at = args.findIndex((arg) => OUTPUT_FLAG.test(arg));
  const given = args[at] ?? '';
  const inline = given.includes('=');
  const output = at < 0 ? 'table' : inline ? given.split('=')[1] : args[at + 1];
  if (output !== 'table' && output !== 'json') {
    throw new UnknownFlagError('--output is table or json');
  }
  const rest = at < 0 ? args : args.filter((_, i) => i !== at && (inline || i !== at + 1));
  const gathered = gather(rest, environment);
  const settings = effectiveSettings(gathered);
  const out = output === 'json' ? JSON.stringify(settings, null, 2) : settingsTable(settings);
  return { out, faults: configurationFaults(gathered.environment) };
}

function configurationFaults(environment: NodeJS.ProcessEnv): readonly ConfigurationFault[] {
  try {
    checkedConfiguration(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
}
