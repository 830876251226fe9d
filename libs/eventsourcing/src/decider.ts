import type { LogIndex, LogTime, Term } from '@metad/foundation';
import type { ErrorCode } from '@metad/contract';
import type { Value } from './record.js';

/** All that a rule may know besides the record and the command. */
export interface DecideContext {
  readonly now: LogTime;
  readonly index: LogIndex;
  readonly term: Term;
  /** Feature level in force: replaying an old entry gives its old result. */
  readonly level: number;
}

export interface DomainEvent {
  readonly type: string;
  readonly data: Value;
}

/** A refusal. `rule` is stable and documented; RULE_VIOLATED carries it in `details.rule`. */
export interface Rejection {
  readonly code: ErrorCode;
  readonly rule: string;
  readonly message: string;
  readonly details?: Value;
}

/** Nothing changed but the answer is yes: no events means `noop`. */
export type Decision<E extends DomainEvent = DomainEvent> =
  | { readonly accepted: true; readonly events: readonly E[] }
  | { readonly accepted: false; readonly rejection: Rejection };

/** The rules of one kind of record: pure and synchronous, run on every replica. */
export interface Decider<S, C, E extends DomainEvent> {
  readonly initialState: S;
  decide(state: S, command: C, context: DecideContext): Decision<E>;
  evolve(state: S, event: E): S;
}

export const accept = <E extends DomainEvent>(...events: E[]): Decision<E> => ({
  accepted: true,
  events,
});

export const reject = (
  code: ErrorCode,
  rule: string,
  message: string,
  details: Value = {},
): Decision<never> => ({ accepted: false, rejection: { code, rule, message, details } });
