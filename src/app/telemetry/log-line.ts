/** One line of a node's log, as far as a reader understands it. */
export interface LogLine {
  /** 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  readonly level: number;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LEVELS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};
const NAMES = new Map(Object.entries(LEVELS).map(([name, level]) => [level, name.toUpperCase()]));
const levelNameCharsMax = 5;
/** What is not JSON comes from outside the logger: a crash, a warning of Node's. */
const unstructuredLevel = LEVELS['error'] ?? 50;

/** The same in every line of a node, or what the reader knows already. */
const HIDDEN = new Set(['time', 'pid', 'hostname', 'node', 'cluster', 'name', 'v']);
const detailCharsMax = 400;
const stackLinesMax = 12;

export function parseLogLine(text: string): LogLine {
  try {
    const fields = JSON.parse(text) as unknown;
    if (typeof fields === 'object' && fields !== null) {
      const { level, msg, ...rest } = fields as Record<string, unknown>;
      const number = typeof level === 'string' ? LEVELS[level] : level;
      return {
        level: typeof number === 'number' ? number : 30,
        message: typeof msg === 'string' ? msg : '',
        fields: rest,
      };
    }
  } catch {
    // Falls through: plain text.
  }
  return { level: unstructuredLevel, message: text, fields: {} };
}

/** `slow  ms=7 partition=3`; the stack of an error follows on lines of its own. */
export function sentenceOf({ message, fields }: LogLine): string {
  const shown = Object.entries(fields).filter(([key]) => !HIDDEN.has(key));
  const details = shown.map(([key, value]) => `${key}=${textOf(value)}`).join(' ');
  const sentence = printable(message + (details && `  ${details.slice(0, detailCharsMax)}`));
  return [sentence, ...shown.flatMap(([, value]) => stackOf(value))].join('\n');
}

/** A JSON line of the logger as a person reads it: `12:00:05.123  WARN slow  ms=7`. */
export function readableLine(text: string, isColourful: boolean): string {
  const line = parseLogLine(text);
  const { time } = line.fields;
  const clock = typeof time === 'string' ? `${printable(time).slice(11, 23)} ` : '';
  const level = (NAMES.get(line.level) ?? String(line.level)).padStart(levelNameCharsMax);
  return `${clock}${isColourful ? coloured(level, line.level) : level} ${sentenceOf(line)}\n`;
}

function coloured(text: string, level: number): string {
  const colour = level >= 50 ? 31 : level >= 40 ? 33 : level >= 30 ? 32 : 90;
  return `\u001b[${colour}m${text}\u001b[0m`;
}

/** What others have sent may stand in a line: it shall not command the terminal. */
const printable = (text: string): string => text.replace(/\p{Cc}/gu, ' ');

function textOf(value: unknown): string {
  if (isError(value)) return value.message;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function stackOf(value: unknown): string[] {
  if (!isError(value)) return [];
  const calls = value.stack.split('\n').filter((line) => /^\s+at /.test(line));
  return calls.slice(0, stackLinesMax).map((line) => `    ${printable(line).trim()}`);
}

/** An error as the logger writes it. */
function isError(value: unknown): value is { readonly message: string; readonly stack: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { message, stack } = value as Record<string, unknown>;
  return typeof message === 'string' && typeof stack === 'string';
}
