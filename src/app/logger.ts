import type { LoggerService } from '@nestjs/common';
import { pino, type Logger as PinoLogger } from 'pino';
import type { Configuration } from './configuration.js';

/**
 * What diagnostics are written with: fields first, then the sentence. Never secrets, never data.
 */
export type Logger = PinoLogger;

/** JSON lines on standard output, one per event, with node and cluster in each. */
export function createLogger(configuration: Pick<Configuration, 'logLevel' | 'node' | 'cluster'>) {
  const { logLevel, node, cluster } = configuration;
  return pino({
    level: logLevel,
    base: { node, cluster },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  });
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
