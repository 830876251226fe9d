import { UsageError } from '../exit-code.js';

/** A row of a CSV file: its fields, and the exact text it was made of. */
export interface CsvRow {
  readonly fields: readonly string[];
  readonly text: string;
}

/** A quoted field longer than this is a missing quote, not data. */
const rowCharsMax = 1024 * 1024;

/**
 * RFC 4180: commas, quotes doubled inside quotes, line ends inside quotes. Empty lines are left
 * out.
 */
export async function* readCsv(chunks: AsyncIterable<string>): AsyncGenerator<CsvRow> {
  let rest = '';
  for await (const chunk of chunks) {
    rest += chunk;
    for (let end = rowEnd(rest); end !== -1; end = rowEnd(rest)) {
      const text = rest.slice(0, end).replace(/\r$/, '');
      rest = rest.slice(end + 1);
      if (text !== '') yield { fields: splitRow(text), text };
    }
    if (rest.length > rowCharsMax)
      throw new UsageError('a CSV row without end: is a quote missing?');
  }
  const text = rest.replace(/\r?\n?$/, '');
  if (text !== '') yield { fields: splitRow(text), text };
}

/** Index of the line end that is outside of quotes, -1 if there is none yet. */
function rowEnd(text: string): number {
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 0x22) isQuoted = !isQuoted;
    else if (char === 0x0a && !isQuoted) return at;
  }
  return -1;
}

function splitRow(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"' && isQuoted && text[at + 1] === '"') {
      field += '"';
      at += 1;
    } else if (char === '"') isQuoted = !isQuoted;
    else if (char === ',' && !isQuoted) {
      fields.push(field);
      field = '';
    } else field += char;
  }
  return [...fields, field];
}
