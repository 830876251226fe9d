import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as PinoLogger, type LoggerOptions } from 'pino';
import type { Configuration } from './configuration.js';
import { maskedUrl } from './settings/masked-url.js';
import { readableLine } from './telemetry/log-line.js';

/**
 * What diagnostics are written with: fields first, then the sentence. Never secrets, never data.
 */
export type Logger = PinoLogger;

const HIDDEN = '***';

/** Where people read along. */
export interface LogTerminal {
  write(text: string): boolean;
}

const ownTerminal = (): LogTerminal | null => (process.stdout.isTTY ? process.stdout : null);

/**
 * JSON lines on standard output, one per event, with node and cluster in each; lines for people
 * where that is a terminal. `secrets` are taken out of every line at the last door: an error that
 * quotes a URL shall not tell its password.
 */
export function createLogger(
  configuration: Pick<Configuration, 'logLevel' | 'node' | 'cluster'>,
  secrets: readonly string[] = [],
  terminal: LogTerminal | null = ownTerminal(),
): Logger {
  const { logLevel, node, cluster } = configuration;
  // As they stand in a line of JSON.
  const escaped = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  const options: LoggerOptions = {
    level: logLevel,
    base: { node, cluster },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: (line) => withoutSecrets(line, escaped) },
  };
  return terminal === null ? pino(options) : pino(options, forPeople(terminal));
}

function forPeople(terminal: LogTerminal): LogTerminal {
  const isColourful = process.env['NO_COLOR'] === undefined;
  return { write: (line) => terminal.write(readableLine(line, isColourful)) };
}

function withoutSecrets(line: string, secrets: readonly string[]): string {
  const text = line.includes('://') ? maskedUrl(line) : line;
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
}

/** Lets Nest's own messages go through the same stream; its chatter at start is `debug`. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...context: unknown[]): void {
    this.logger.debug({ context: context.at(-1) }, String(message));
  }
  error(message: unknown, ...context: unknown[]): void {
    this.logger.error({ context: context.at(-1) }, String(message));
  }
  warn(message: unknown, ...context: unknown[]): void {
    this.logger.warn({ context: context.at(-1) }, String(message));
  }
  debug(message: unknown, ...context: unknown[]): void {
    this.logger.debug({ context: context.at(-1) }, String(message));
  }
  verbose(message: unknown, ...context: unknown[]): void {
    this.logger.trace({ context: context.at(-1) }, String(message));
  }
}
