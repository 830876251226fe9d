import type { CommandMeta, Expectation } from '@metad/contract';

/** One command of an import, as it stands in a line of NDJSON or is made of a row of CSV. */
export interface ImportCommand {
  readonly namespace: string;
  readonly command: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly expect?: Expectation;
  readonly meta?: CommandMeta;
}

/** A line of the source, in order; `fault` says why it is no command. */
export interface ImportLine {
  /** From 1; lines without content do not count. */
  readonly number: number;
  readonly text: string;
  readonly command: ImportCommand | null;
  readonly fault: string | null;
}

/** How rows of CSV become commands: constants, and fields taken from columns. */
export interface CsvMapping {
  readonly command: string;
  readonly namespace: string;
  /** Field of `data` → name of a column; dots nest. An empty cell leaves the field out. */
  readonly columns: Readonly<Record<string, string>>;
  readonly constants: Readonly<Record<string, unknown>>;
}

const FIELDS = new Set(['namespace', 'command', 'data', 'expect', 'meta']);

/** Reads one line of NDJSON. Whether the command makes sense is the service's business. */
export function parseLine(number: number, text: string, namespace: string | null): ImportLine {
  const wrong = (fault: string): ImportLine => ({ number, text, command: null, fault });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return wrong(`no JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) return wrong('no JSON object');
  const unknown = Object.keys(value).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) return wrong(`unknown field "${unknown}"`);
  const given = { namespace, ...value } as Record<string, unknown>;
  if (typeof given['namespace'] !== 'string')
    return wrong('no "namespace", and none given with -n');
  if (typeof given['command'] !== 'string') return wrong('no "command"');
  if (!isObject(given['data'])) return wrong('"data" is no object');
  return { number, text, command: given as unknown as ImportCommand, fault: null };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
