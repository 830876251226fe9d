import { sentenceOf, type LogLine } from '../../app/telemetry/log-line.js';

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
    this.err.write(`${this.label(node)}${level} ${sentenceOf(line)}\n`);
  }

  private label(node: string): string {
    if (!this.isColourful) return `${node} |`;
    const colour = 31 + (Number(node.slice(1)) % 6);
    return `\u001b[${colour}m${node} |\u001b[0m`;
  }
}
