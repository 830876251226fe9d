import { ERROR_CODES, MetadError, type ErrorCode } from '@metad/contract';

export type ReplyValue = Readonly<Record<string, unknown>>;

/** A reply's bytes → its object, or the error that it carries. Throws nothing. */
export function readReply(data: Uint8Array): ReplyValue | MetadError {
  const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unreadable();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unreadable();
  const { error } = value as { error?: unknown };
  if (error === undefined) return value as ReplyValue;
  return typeof error === 'object' && error !== null ? asError(error) : unreadable();
}

const unreadable = (): MetadError =>
  new MetadError('OUTCOME_UNKNOWN', 'the answer is not what the contract says; retry');

interface WireError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly details?: unknown;
  readonly definite?: unknown;
  readonly retryable?: unknown;
}

function asError(error: WireError): MetadError {
  const details = typeof error.details === 'object' && error.details !== null ? error.details : {};
  const message = typeof error.message === 'string' ? error.message : 'no message was given';
  if (typeof error.code === 'string' && Object.hasOwn(ERROR_CODES, error.code)) {
    return new MetadError(error.code as ErrorCode, message, details as ReplyValue);
  }
  return new MetadError(nearestCode(error), message, { ...details, code: error.code });
}

/** A code of a later version of the contract: what counts is what the caller may conclude. */
function nearestCode({ definite, retryable }: WireError): ErrorCode {
  if (definite !== true) return 'OUTCOME_UNKNOWN';
  return retryable === true ? 'OVERLOADED' : 'RULE_VIOLATED';
}
