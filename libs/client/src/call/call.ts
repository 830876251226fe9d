import { MetadError } from '@metad/contract';
import type { Point } from '@metad/partition';
import type { RequestOutcome } from '../wire/requester.js';

/** One command or query, ready to be sent as often as it takes: every attempt has these bytes. */
export interface Call {
  readonly kind: 'command' | 'query';
  readonly namespace: string;
  readonly name: string;
  readonly payload: string;
  /** Where any node takes it. */
  readonly subject: string;
  /** Null: not a matter of one partition, or not of its leader. */
  readonly point: Point | null;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** True of a refusal, final by its code, that only a node that lags would give. */
  readonly isOfLaggard?: (error: MetadError) => boolean;
}

/** The error that an outcome without an answer amounts to. */
export function unansweredError(
  kind: Call['kind'],
  subject: string,
  outcome: Exclude<RequestOutcome, { kind: 'reply' }>,
): MetadError {
  if (outcome.kind === 'timeout') {
    return kind === 'command'
      ? new MetadError('OUTCOME_UNKNOWN', 'no answer came in time; retry with the same commandId')
      : new MetadError('DEADLINE_EXCEEDED', 'no answer came in time');
  }
  const { reason } = outcome;
  const details = { reason };
  switch (reason) {
    case 'nobody':
      return new MetadError('NO_LEADER', `no node answers on ${subject}`, details);
    case 'full':
      return new MetadError('OVERLOADED', 'too many calls are under way in this client', details);
    case 'closed':
      return new MetadError('NO_LEADER', 'the connection is closed; nothing was sent', details);
    case 'disconnected':
      return new MetadError('NO_LEADER', 'there is no connection to the broker', details);
    case 'forbidden':
      return new MetadError('FORBIDDEN', `the broker refused ${subject}`, details);
  }
}

/**
 * Refusals that are decided at the door, without looking whether the command is already in the
 * log: they say nothing about an earlier attempt.
 */
const DOOR_CODES: ReadonlySet<MetadError['code']> = new Set<MetadError['code']>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'DEADLINE_EXCEEDED',
  'NO_LEADER', // Final only where the connection is closed.
]);

/**
 * What the caller may conclude at the end. Once an attempt may have been received, only an answer
 * about the command itself is definite: "no leader" is true of the last attempt and says nothing
 * about the first.
 */
export function concludingError(
  last: MetadError,
  retryable: boolean,
  inDoubt: boolean,
  attempts: number,
): MetadError {
  if (!inDoubt || (!retryable && !DOOR_CODES.has(last.code))) return last;
  if (last.code === 'OUTCOME_UNKNOWN' && attempts === 1) return last;
  const message = 'the command may or may not have taken effect; retry with the same commandId';
  return new MetadError('OUTCOME_UNKNOWN', message, { attempts, lastCode: last.code });
}
