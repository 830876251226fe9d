import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_CODES, MetadError } from '@metad/contract';
import type { CommandReply, CommandRequest } from '@metad/contract';
import { NoAnswer, NobodyAnswers } from '../../nats-requester.js';
import { OutcomeUnknown } from '../exit-code.js';

/** One attempt at a command; `Gateway` is the real one. */
export interface CommandPort {
  command(
    namespace: string,
    command: string,
    request: CommandRequest,
    timeoutMs: number,
  ): Promise<CommandReply>;
}

export interface SendOptions {
  /** For all attempts together. */
  readonly deadlineMs?: number;
  /** Told before each new attempt: why, and after how long. */
  readonly onRetry?: (reason: string, delayMs: number) => void;
}

const attemptMs = 3_000;
const defaultDeadlineMs = 30_000;
const firstDelayMs = 50;
const delayMsMax = 2_000;

/**
 * Sends a command until its fate is known, always with the same `commandId`: however many attempts
 * arrive, it takes effect at most once. Throws `MetadError` when the command was refused,
 * `OutcomeUnknown` when the deadline passes after an attempt that may have taken effect, and what
 * the last attempt met otherwise.
 */
export class CommandSender {
  constructor(private readonly port: CommandPort) {}

  async send(
    namespace: string,
    command: string,
    request: CommandRequest,
    options: SendOptions = {},
  ): Promise<CommandReply> {
    const endsAt = performance.now() + (options.deadlineMs ?? defaultDeadlineMs);
    let isUnknown = false;
    for (let attempt = 0; ; attempt += 1) {
      const left = endsAt - performance.now();
      try {
        const patience = Math.max(1, Math.min(attemptMs, left));
        return await this.port.command(namespace, command, request, Math.ceil(patience));
      } catch (error) {
        if (!isRetryable(error)) throw error;
        isUnknown ||= mayHaveHappened(error);
        const delay = delayBefore(attempt, error);
        if (performance.now() + delay >= endsAt) throw fate(request.commandId, error, isUnknown);
        options.onRetry?.((error as Error).message, delay);
        await sleep(delay);
      }
    }
  }
}

function isRetryable(error: unknown): boolean {
  if (error instanceof MetadError) return ERROR_CODES[error.code].retryable;
  return error instanceof NoAnswer || error instanceof NobodyAnswers;
}

function mayHaveHappened(error: unknown): boolean {
  if (error instanceof MetadError) return !error.definite;
  return error instanceof NoAnswer;
}

/** Exponential, with jitter over the upper half; a server's own wish is honoured. */
function delayBefore(attempt: number, error: unknown): number {
  const wish = error instanceof MetadError ? error.details['retryAfterMs'] : undefined;
  const grown = Math.min(firstDelayMs * 2 ** Math.min(attempt, 10), delayMsMax);
  const jittered = grown / 2 + (Math.random() * grown) / 2;
  return typeof wish === 'number' ? Math.max(jittered, Math.min(wish, delayMsMax)) : jittered;
}

function fate(commandId: string, error: unknown, isUnknown: boolean): unknown {
  if (!isUnknown) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new OutcomeUnknown(
    `the outcome of command ${commandId} is unknown (${text}); sending it again with the same ` +
      `id is safe: --command-id ${commandId}`,
  );
}
