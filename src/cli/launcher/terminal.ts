import type { LogLine } from './node-log.js';

/**
 * What the launcher writes: results to stdout, everything else to stderr. Colours mark the nodes on
 * a terminal, and nothing else depends on them.
 */
export class Terminal {
  private readonly isColourful: boolean;

  constructor(
    private readonly levelMin: number,
    private readonly out: NodeJS.WriteStream = process.stdout,
    private readonly err: NodeJS.WriteStream = process.stderr,
  ) {
    this.isColourful = this.err.isTTY && process.env['NO_COLOR'] === undefined;
  }

  result(text: string): void {
    this.out.write(`${text}\n`);
  }

  notice(text: string): void {
    this.err.write(`metad: ${text}\n`);
  }

  line(node: string, line: LogLine): void {
    if (line.level < this.levelMin) return;
    const level = line.level >= 50 ? ' ERROR' : line.level >= 40 ? ' WARN' : '';
    const details = detailsOf(line.fields);
    this.err.write(`${this.label(node)}${level} ${line.message}${details}\n`);
  }

  private label(node: string): string {
    if (!this.isColourful) return `${node} |`;
    const colour = 31 + (Number(node.slice(1)) % 6);
    return `\u001b[${colour}m${node} |\u001b[0m`;
  }
}

const HIDDEN = new Set(['time', 'pid', 'hostname', 'node', 'name', 'v']);
const detailCharsMax = 400;

function detailsOf(fields: Readonly<Record<string, unknown>>): string {
  const shown = Object.entries(fields).filter(([key]) => !HIDDEN.has(key));
  if (shown.length === 0) return '';
  const text = shown.map(([key, value]) => `${key}=${textOf(value)}`).join(' ');
  return `  ${text.slice(0, detailCharsMax)}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
