import type { CommandMeta, Consistency, Expectation } from '@metad/contract';
import type { Clock, Random } from '@metad/foundation';
import type { BackoffOptions } from './call/backoff.js';
import type { CallReport, RetryReport } from './call/call-statistics.js';

export interface ClientOptions {
  /** The namespace that calls go to; `client.in(other)` is the same client in another one. */
  readonly namespace: string;
  /** Default `metad.v1`. */
  readonly subjectPrefix?: string;
  /** Default `_INBOX`; must agree with what the broker lets this user subscribe to. */
  readonly inboxPrefix?: string;
  /** `leader`: straight to the partition's leader where allowed. `any`: always through any node. */
  readonly routing?: 'leader' | 'any';
  /** Time for a call with all its retries, milliseconds; default 10,000. */
  readonly timeoutMs?: number;
  /** Time for one attempt, milliseconds; default 2,500. */
  readonly attemptTimeoutMs?: number;
  /** Waits between attempts; default 20 ms doubling to 1,000 ms, with full jitter. */
  readonly backoff?: BackoffOptions;
  /** Calls under way; the next one fails with OVERLOADED. Default 16,384. */
  readonly pendingMax?: number;
  /** Sent as `meta.actor` unless a command brings its own. */
  readonly actor?: string;
  /** Session reads also never go behind what this client has read. Default false. */
  readonly monotonicReads?: boolean;
  /** Called once at the end of every call. Must not throw. */
  readonly onCall?: (report: CallReport) => void;
  /** Called before every new attempt of a call: why it is made, and when. Must not throw. */
  readonly onRetry?: (report: RetryReport) => void;
  /** For tests: time and chance as inputs. */
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface CommandOptions {
  /** Default: a new UUID of version 7. Give one to repeat a command of an earlier process. */
  readonly commandId?: string;
  readonly expect?: Expectation;
  /** The command is refused when it would be applied after this, in log time. */
  readonly deadline?: Date;
  readonly meta?: CommandMeta;
  readonly dryRun?: boolean;
  readonly timeoutMs?: number;
  /** Ends the call with the signal's reason; what was sent may still take effect. */
  readonly signal?: AbortSignal;
}

export interface QueryOptions {
  /** Default `session`: never behind this client's own writes. */
  readonly consistency?: Consistency;
  /** Instead of the positions that this client carries by itself. */
  readonly position?: string;
  readonly maxLagMs?: number;
  readonly limit?: number;
  readonly cursor?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
