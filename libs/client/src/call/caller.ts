import { ERROR_CODES, MetadError } from '@metad/contract';
import type { Subjects } from '@metad/contract';
import type { Clock, PartitionId, Random } from '@metad/foundation';
import type { PartitionRoutes } from '../routing/partition-routes.js';
import type { ConnectionFollower } from '../wire/connection-follower.js';
import { readReply, type ReplyValue } from '../wire/reply.js';
import type { NatsRequester, RequestOutcome } from '../wire/requester.js';
import { abortReason, untilAborted } from './abort.js';
import { backoffMs, type BackoffOptions } from './backoff.js';
import { concludingError, unansweredError, type Call } from './call.js';
import type { CallReport, RetryReport } from './call-statistics.js';

/** What a caller works with; made once per client. */
export interface CallerParts {
  readonly requester: NatsRequester;
  readonly connection: ConnectionFollower;
  readonly routes: PartitionRoutes;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly random: Random;
}

export interface CallerOptions {
  readonly attemptTimeoutMs: number;
  readonly backoff: BackoffOptions;
  readonly onCall: ((report: CallReport) => void) | null;
  readonly onRetry: ((report: RetryReport) => void) | null;
}

/** How far one call has come. */
interface Progress {
  readonly startedAt: number;
  readonly dueAt: number;
  attempts: number;
  /** The leader asked by the last attempt; null when it went to any node. */
  partition: PartitionId | null;
  /** An attempt may have been received without our learning what became of it. */
  inDoubt: boolean;
  /** The last attempt failed at the leader's door: the next one goes through any node. */
  avoidsLeader: boolean;
}

const DISCONNECTED: RequestOutcome = { kind: 'noResponders', reason: 'disconnected' };
const CLOSED: RequestOutcome = { kind: 'noResponders', reason: 'closed' };
const FULL: RequestOutcome = { kind: 'noResponders', reason: 'full' };

/** A leader that is away, or that no longer is one: another way in may work at once. */
const LEADER_AWAY: ReadonlySet<string> = new Set(['NO_LEADER', 'NOT_LEADER', 'PARTITION_MOVED']);

/**
 * Sends a call until it has an answer, a definite refusal, or no time left. All attempts carry the
 * same bytes, so the server sees one command however often it is sent.
 */
export class Caller {
  calls = 0;
  failed = 0;
  retries = 0;
  timeouts = 0;
  noResponders = 0;

  constructor(
    private readonly parts: CallerParts,
    private readonly options: CallerOptions,
  ) {}

  /** Throws MetadError, or the signal's reason. */
  async run(call: Call): Promise<ReplyValue> {
    const startedAt = this.parts.clock.monotonic();
    const progress: Progress = {
      startedAt,
      dueAt: startedAt + call.timeoutMs,
      attempts: 0,
      partition: null,
      inDoubt: false,
      avoidsLeader: false,
    };
    this.calls += 1;
    try {
      const reply = await this.attemptAll(call, progress);
      this.report(call, progress, 'ok');
      return reply;
    } catch (error) {
      this.failed += 1;
      this.report(call, progress, error instanceof MetadError ? error.code : 'ABORTED');
      throw error;
    }
  }

  private async attemptAll(call: Call, progress: Progress): Promise<ReplyValue> {
    for (;;) {
      if (call.signal?.aborted) throw abortReason(call.signal);
      const outcome = await this.attempt(call, progress);
      const reply =
        outcome.kind === 'reply'
          ? readReply(outcome.message.data)
          : this.unanswered(call, outcome, progress);
      if (!(reply instanceof MetadError)) return reply;
      if (call.kind === 'command' && !reply.definite) progress.inDoubt = true;
      const waitMs = this.waitBeforeRetry(call, reply, outcome, progress);
      if (waitMs === null || this.parts.clock.monotonic() + waitMs >= progress.dueAt) {
        throw concludingError(reply, waitMs !== null, progress.inDoubt, progress.attempts);
      }
      this.retries += 1;
      this.options.onRetry?.({
        ...nameOf(call),
        attempts: progress.attempts,
        waitMs,
        error: reply,
      });
      await this.pause(waitMs, call.signal);
    }
  }

  private attempt(call: Call, progress: Progress): Promise<RequestOutcome> {
    if (this.parts.connection.connected) return this.send(call, progress);
    return this.sendOnceConnected(call, progress);
  }

  private async sendOnceConnected(call: Call, progress: Progress): Promise<RequestOutcome> {
    const { connection, requester, clock } = this.parts;
    if (connection.closed) return CLOSED;
    if (requester.size + connection.waiting >= requester.pendingMax) return FULL;
    const leftMs = progress.dueAt - clock.monotonic();
    await untilAborted(connection.untilConnected(leftMs, call.signal), call.signal);
    if (connection.connected) return this.send(call, progress);
    return connection.closed ? CLOSED : DISCONNECTED;
  }

  private send(call: Call, progress: Progress): Promise<RequestOutcome> {
    const { requester, routes, subjects, clock } = this.parts;
    const { point } = call;
    const partition = point === null || progress.avoidsLeader ? null : routes.partitionOf(point);
    progress.partition = partition;
    progress.attempts += 1;
    let { subject } = call;
    if (partition !== null) {
      const isCommand = call.kind === 'command';
      subject = isCommand ? subjects.leaderCommand(partition) : subjects.leaderQuery(partition);
    }
    const leftMs = progress.dueAt - clock.monotonic();
    const timeoutMs = Math.max(1, Math.min(this.options.attemptTimeoutMs, leftMs));
    return untilAborted(requester.request(subject, call.payload, timeoutMs), call.signal);
  }

  private unanswered(
    call: Call,
    outcome: Exclude<RequestOutcome, { kind: 'reply' }>,
    progress: Progress,
  ): MetadError {
    if (outcome.kind === 'timeout') this.timeouts += 1;
    else this.noResponders += 1;
    if (outcome.kind === 'noResponders' && outcome.reason === 'forbidden') {
      if (progress.partition !== null) this.parts.routes.leadersDenied();
    }
    return unansweredError(call.kind, call.subject, outcome);
  }

  /** Null: another attempt would only get the same answer. */
  private waitBeforeRetry(
    call: Call,
    error: MetadError,
    outcome: RequestOutcome,
    progress: Progress,
  ): number | null {
    const wasLeader = progress.partition !== null;
    if (error.code === 'PARTITION_MOVED') void this.parts.routes.refresh();
    const away = LEADER_AWAY.has(error.code) || error.details['reason'] === 'forbidden';
    progress.avoidsLeader = wasLeader && away;
    if (progress.avoidsLeader) return 0;
    if (outcome.kind === 'noResponders' && isFinal(outcome)) return null;
    const retryable = outcome.kind === 'timeout' || ERROR_CODES[error.code].retryable;
    if (!retryable && call.isOfLaggard?.(error) !== true) return null;
    const { retryAfterMs } = error.details;
    const askedMs = typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0;
    return backoffMs(this.options.backoff, progress.attempts, this.parts.random, askedMs);
  }

  private pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (waitMs === 0) return Promise.resolve();
    const { clock } = this.parts;
    return untilAborted(new Promise((resolve) => void clock.after(waitMs, resolve)), signal);
  }

  private report(call: Call, progress: Progress, result: CallReport['result']): void {
    const { onCall } = this.options;
    if (onCall === null) return;
    const { attempts, partition, startedAt } = progress;
    const durationMs = this.parts.clock.monotonic() - startedAt;
    onCall({ ...nameOf(call), partition, attempts, durationMs, result });
  }
}

const nameOf = ({ kind, namespace, name }: Call) => ({ kind, namespace, name });

const isFinal = ({ reason }: { readonly reason: string }): boolean =>
  reason === 'closed' || reason === 'forbidden';
