import { MetadError } from '@metad/contract';
import { CannotConnect, NoAnswer, NobodyAnswers, NotPermitted } from '../broker-errors.js';

/** What a script may conclude from metactl's exit code. Part of the public contract. */
export const EXIT = {
  done: 0,
  usage: 1,
  cannotConnect: 2,
  notAllowed: 3,
  rejected: 4,
  serverFault: 5,
  outcomeUnknown: 6,
  degraded: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The user asked for something that cannot be meant; `message` says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command line is right, and the service that runs here cannot do it. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** A check that found something wrong, already printed. */
export class Degraded extends Error {
  override readonly name = 'Degraded';
}

/** A command may or may not have taken effect. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof Unsupported) return EXIT.rejected;
  if (error instanceof Degraded) return EXIT.degraded;
  if (error instanceof OutcomeUnknown) return EXIT.outcomeUnknown;
  if (error instanceof CannotConnect || error instanceof NobodyAnswers) return EXIT.cannotConnect;
  if (error instanceof NotPermitted) return EXIT.notAllowed;
  if (error instanceof NoAnswer) return EXIT.serverFault;
  return error instanceof MetadError ? exitCodeOfService(error) : EXIT.serverFault;
}

function exitCodeOfService(error: MetadError): ExitCode {
  if (error.code === 'OUTCOME_UNKNOWN') return EXIT.outcomeUnknown;
  if (error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN') return EXIT.notAllowed;
  // A deadline that passed is a decision about the command, although its status is a 504.
  if (error.code === 'DEADLINE_EXCEEDED') return EXIT.rejected;
  return error.status >= 500 ? EXIT.serverFault : EXIT.rejected;
}
