import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { UsageError } from '../exit-code.js';
import { parseAssignments } from '../input/assignments.js';
import { readCsv } from './csv.js';
import { parseLine } from './import-line.js';
import type { CsvMapping, ImportLine } from './import-line.js';

export interface SourceOptions {
  /** `-` is stdin. */
  readonly path: string;
  readonly format: 'ndjson' | 'csv';
  /** For lines that name none. */
  readonly namespace: string | null;
  /** Needed for CSV. */
  readonly mapping: CsvMapping | null;
}

/** The lines of a source, in order, read only as fast as they are taken. */
export function openSource(options: SourceOptions): AsyncGenerator<ImportLine> {
  const chunks = openText(options.path);
  if (options.format === 'ndjson') return ndjsonLines(chunks, options.namespace);
  if (options.mapping === null)
    throw new UsageError('CSV needs --command and --column, or --csv-map');
  return csvLines(chunks, options.mapping);
}

/**
 * How many lines there will be, for the progress bar; null for stdin. Quoted line ends count too.
 */
export async function countLines(path: string): Promise<number | null> {
  if (path === '-') return null;
  let lines = 0;
  let last = 0x0a;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, at + 1)) lines += 1;
    last = chunk.at(-1) ?? last;
  }
  return last === 0x0a ? lines : lines + 1;
}

function openText(path: string): AsyncIterable<string> {
  const stream: Readable = path === '-' ? process.stdin : createReadStream(path);
  stream.setEncoding('utf8');
  return stream as AsyncIterable<string>;
}

async function* ndjsonLines(
  chunks: AsyncIterable<string>,
  namespace: string | null,
): AsyncGenerator<ImportLine> {
  let rest = '';
  let number = 0;
  const take = (text: string): ImportLine | null => {
    if (text.trim() === '') return null;
    number += 1;
    return parseLine(number, text.replace(/\r$/, ''), namespace);
  };
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      const line = take(text);
      if (line !== null) yield line;
    }
  }
  const line = take(rest);
  if (line !== null) yield line;
}

async function* csvLines(
  chunks: AsyncIterable<string>,
  mapping: CsvMapping,
): AsyncGenerator<ImportLine> {
  let header: readonly string[] | null = null;
  let number = 0;
  for await (const { fields, text } of readCsv(chunks)) {
    if (header === null) {
      header = fields;
      mustHaveColumns(header, mapping);
      continue;
    }
    number += 1;
    if (fields.length !== header.length) {
      const fault = `${fields.length} fields where the header has ${header.length}`;
      yield { number, text, command: null, fault };
    } else yield { number, text, command: commandOf(header, fields, mapping), fault: null };
  }
}

function mustHaveColumns(header: readonly string[], mapping: CsvMapping): void {
  const missing = Object.values(mapping.columns).filter((name) => !header.includes(name));
  if (missing.length === 0) return;
  throw new UsageError(`no column ${missing.join(', ')}; there are ${header.join(', ')}`);
}

function commandOf(header: readonly string[], fields: readonly string[], mapping: CsvMapping) {
  const pairs = Object.entries(mapping.columns)
    .map(([field, column]) => [field, fields[header.indexOf(column)] ?? ''] as const)
    .filter(([, value]) => value !== '')
    .map(([field, value]) => `${field}=${value}`);
  const data = { ...structuredClone(mapping.constants), ...parseAssignments('--column', pairs) };
  return { namespace: mapping.namespace, command: mapping.command, data };
}
