import { stringify } from 'yaml';
import { cellText, renderTable } from './table.js';
import type { Column } from './table.js';

export const OUTPUT_FORMATS = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

type Row = Readonly<Record<string, unknown>>;

/** Width when the output is no terminal: wide enough that nothing of use is cut. */
const pipeWidth = 400;

/** Answers go to stdout in the format that was asked for; remarks go to stderr. */
export class Printer {
  constructor(
    readonly format: OutputFormat,
    private readonly out: NodeJS.WriteStream = process.stdout,
    private readonly err: NodeJS.WriteStream = process.stderr,
  ) {}

  /** Rows as a table; the other formats get everything the rows hold. */
  rows(rows: readonly Row[], columns: readonly Column[]): void {
    if (this.format !== 'table') this.value(rows);
    else if (rows.length === 0) this.note('nothing found');
    else this.text(renderTable(rows, columns, this.width()));
  }

  /** One thing, field by field. */
  record(record: Row): void {
    if (this.format !== 'table') {
      this.value(record);
      return;
    }
    const entries = Object.entries(record);
    const width = Math.max(0, ...entries.map(([key]) => key.length));
    this.text(entries.map(([key, each]) => `${key.padEnd(width)}  ${cellText(each)}`).join('\n'));
  }

  /** Anything, in JSON or YAML; JSON where a table was asked for. */
  value(value: unknown): void {
    if (this.format === 'yaml') this.text(stringify(value).trimEnd());
    else this.text(JSON.stringify(value, null, 2));
  }

  /** Of the terminal, else what COLUMNS says. */
  private width(): number {
    return this.out.columns || Number(process.env['COLUMNS'] ?? '') || pipeWidth;
  }

  text(text: string): void {
    this.out.write(`${text}\n`);
  }

  note(text: string): void {
    this.err.write(`${text}\n`);
  }
}
