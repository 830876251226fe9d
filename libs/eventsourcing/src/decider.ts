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

/** The record a command is about, as a rule sees it. */
export interface RecordState<V extends Value = Value> {
  /** Null when there is no such record. */
  readonly value: V | null;
  /** 0 when there is no such record. */
  readonly version: number;
  /** Log index of the change that granted the present ownership; null when nobody owns it. */
  readonly fence: LogIndex | null;
  /** True once the record's time to live is over, also before the entry that says so. */
  readonly leaseEnded: boolean;
  /** How many records of other kinds name this one as their parent. */
  readonly dependents: number;
}

/** A command as a rule sees it; its form has been checked before it entered the log. */
export interface KindCommand<Name extends string = string, Data = unknown> {
  readonly name: Name;
  readonly data: Data;
  /** Already found to hold; a rule may ask what the client knew. */
  readonly expect: Value | null;
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

/**
 * No events means that the answer is yes and nothing changed (`noop`), except for `renews`: the
 * time to live begins anew, without a new version.
 */
export type Decision<E extends DomainEvent = DomainEvent> =
  | { readonly accepted: true; readonly events: readonly E[]; readonly renews: boolean }
  | { readonly accepted: false; readonly rejection: Rejection };

/**
 * The rules of one kind of record: pure and synchronous, run on every replica. Versions, fences,
 * leases, preconditions and deduplication are not its business: they are the same for all kinds.
 */
export interface Decider<V extends Value, C extends KindCommand, E extends DomainEvent> {
  decide(state: RecordState<V>, command: C, context: DecideContext): Decision<E>;
  /** The value after `event`; null when the record is gone. Never changes what it is given. */
  evolve(value: V | null, event: E): V | null;
  /** What happens when the time to live is over. Required of kinds with leases. */
  expire?(value: V): E;
}

/** The state of a record that does not exist. */
export const ABSENT: RecordState<never> = {
  value: null,
  version: 0,
  fence: null,
  leaseEnded: false,
  dependents: 0,
};

export const accept = <E extends DomainEvent>(...events: E[]): Decision<E> => ({
  accepted: true,
  events,
  renews: false,
});

const RENEWAL: Decision<never> = { accepted: true, events: [], renews: true };

/** Yes, and the time to live begins anew. */
export const renew = (): Decision<never> => RENEWAL;

export const rejection = (
  code: ErrorCode,
  rule: string,
  message: string,
  details: Value = {},
): Rejection => ({ code, rule, message, details });

export const reject = (
  code: ErrorCode,
  rule: string,
  message: string,
  details: Value = {},
): Decision<never> => ({ accepted: false, rejection: rejection(code, rule, message, details) });
