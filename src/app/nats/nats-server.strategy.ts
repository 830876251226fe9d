import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { invariant } from '@metad/foundation';
import { MetadError, type Subjects } from '@metad/contract';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { lastValueFrom, isObservable } from 'rxjs';
import type { Logger } from '../logger.js';
import type { CommandTrace } from '../telemetry/tracing/command-trace.js';
import type { Tracing } from '../telemetry/tracing/tracing.js';
import { encodeError } from './reply.js';
import { EndpointStatistics } from './endpoint-statistics.js';
import {
  isAnswerable,
  type DirectHandler,
  type Inbound,
  type Outbound,
  type ReplyTo,
} from './inbound.js';

/** Patterns are served by controllers with `@MessagePattern`, or directly. */
export type Pattern = 'command' | 'query' | 'watch' | 'admin' | 'leader.command' | 'leader.query';

const QUEUE = 'metad';

/** A message's subject tokens after the service's prefix. */
type TokensOf = (message: Msg) => readonly string[];

/**
 * Nest's door to NATS with the contract's own subjects and bodies. Subjects are many (one pair per
 * led partition) and change at run time; patterns are six. The connection is shared with the rest
 * of the node and is not closed here.
 */
export class NatsServerStrategy extends Server implements CustomTransportStrategy {
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly direct = new Map<Pattern, DirectHandler>();
  private accepting = false;
  /** Requests by pattern, for discovery and metrics. */
  readonly statistics = new Map<Pattern, EndpointStatistics>();
  /** Requests that came without a usable reply subject: they cannot be answered, only counted. */
  unanswerable = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly subjects: Subjects,
    private readonly node: string,
    private readonly diagnostics: Logger,
    private readonly tracing: Tracing | null = null,
    private readonly inboxPrefix: string | null = null,
  ) {
    super();
  }

  /**
   * Requests of this pattern go to `handler` without Nest's pipeline, which costs a command more
   * than its rules do: there are no guards, pipes or interceptors on them, only the door's own
   * checks. To be called before any of its subjects is opened.
   */
  serveDirectly(pattern: Pattern, handler: DirectHandler): void {
    this.direct.set(pattern, handler);
  }

  listen(callback: (error?: unknown) => void): void {
    this.accepting = true;
    callback();
  }

  /** Opens the subjects that any node answers; called once the node is ready to. */
  openShared(): void {
    this.subscribe(this.subjects.commands, QUEUE, 'command');
    this.subscribe(this.subjects.queries, QUEUE, 'query');
    this.subscribe(this.subjects.watches, QUEUE, 'watch');
    this.subscribe(this.subjects.adminOf('_any'), QUEUE, 'admin');
  }

  /** Opens this node's own administration, useful before it is ready to serve. */
  openAdmin(): void {
    this.subscribe(this.subjects.adminOf(this.node), null, 'admin');
  }

  openLeader(partition: number): void {
    this.subscribe(this.subjects.leaderCommand(partition), QUEUE, 'leader.command');
    this.subscribe(this.subjects.leaderQuery(partition), QUEUE, 'leader.query');
  }

  closeLeader(partition: number): void {
    void this.leave(this.subjects.leaderCommand(partition));
    void this.leave(this.subjects.leaderQuery(partition));
  }

  async closeShared(): Promise<void> {
    const { commands, queries, watches } = this.subjects;
    const shared = [commands, queries, watches, this.subjects.adminOf('_any')];
    await Promise.all(shared.map((subject) => this.leave(subject)));
  }

  /** Requests taken and not yet answered; an operator's do not count, one of them may be asking. */
  pending(): number {
    let pending = 0;
    for (const [pattern, { inFlight }] of this.statistics) {
      if (pattern !== 'admin') pending += inFlight;
    }
    return pending;
  }

  /** Answers what is on its way, then no more; replies have left when it resolves. */
  async close(): Promise<void> {
    await Promise.all([...this.subscriptions.keys()].map((subject) => this.leave(subject)));
    this.accepting = false;
    await this.connection.flush().catch(() => undefined); // A broker that is away gets nothing.
  }

  on(): void {
    // Connection events are followed by NatsHealth; nothing is emitted here.
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private subscribe(subject: string, queue: string | null, pattern: Pattern): void {
    if (this.subscriptions.has(subject)) return;
    const direct = this.direct.get(pattern);
    const handler = direct === undefined ? this.getHandlerByPattern(pattern) : null;
    invariant(direct !== undefined || handler !== null, 'every pattern has a handler');
    const statistics = this.statistics.get(pattern) ?? new EndpointStatistics();
    this.statistics.set(pattern, statistics);
    const tokensOf = this.tokenizer(subject);
    const subscription = this.connection.subscribe(subject, {
      ...(queue !== null && { queue }),
      callback: (error, message) => {
        if (error) this.diagnostics.warn({ subject, error: error.message }, 'subscription failed');
        else if (direct !== undefined) this.handleDirectly(direct, message, tokensOf, statistics);
        else void this.handle(handler as MessageHandler, message, tokensOf, statistics);
      },
    });
    this.subscriptions.set(subject, subscription);
  }

  /** Where a subject has no wildcard every message's tokens are the same: none is decoded. */
  private tokenizer(subscribed: string): TokensOf {
    const skipped = this.subjects.prefix.length + 1;
    const fixed = subscribed.slice(skipped).split('.');
    if (!subscribed.includes('*')) return () => fixed;
    return ({ subject }) => subject.slice(skipped).split('.');
  }

  /**
   * What the broker has sent already is still answered: a request that is dropped here would cost
   * its sender a time-out. Never rejects: a connection that is gone brings no more requests.
   */
  private async leave(subject: string): Promise<void> {
    const subscription = this.subscriptions.get(subject);
    this.subscriptions.delete(subject);
    await subscription?.drain().catch(() => undefined);
  }

  private handleDirectly(
    handler: DirectHandler,
    message: Msg,
    tokensOf: TokensOf,
    statistics: EndpointStatistics,
  ): void {
    const inbound = this.inboundOf(message, tokensOf);
    if (inbound === null) return;
    statistics.inFlight += 1;
    const traceparent = this.tracing === null ? '' : (message.headers?.get('traceparent') ?? '');
    const trace = this.tracing?.receive(traceparent) ?? null;
    handler.handle(inbound, new DirectReply(this, inbound.reply, statistics, trace));
  }

  private async handle(
    handler: MessageHandler,
    message: Msg,
    tokensOf: TokensOf,
    statistics: EndpointStatistics,
  ): Promise<void> {
    const inbound = this.inboundOf(message, tokensOf);
    if (inbound === null) return;
    statistics.inFlight += 1;
    const startedAt = performance.now();
    const outbound = await this.outboundOf(handler, inbound);
    this.answered(inbound.reply, outbound, statistics, startedAt);
  }

  /** Null for what cannot be answered, or not any more. */
  private inboundOf(message: Msg, tokensOf: TokensOf): Inbound | null {
    if (!this.accepting) return null;
    const { reply, data, headers } = message;
    if (reply === undefined || reply === '' || !isAnswerable(reply, this.inboxPrefix)) {
      this.unanswerable += 1;
      return null;
    }
    return { tokens: tokensOf(message), data, headers, reply };
  }

  /** For `DirectReply`: a request has its answer. */
  answered(
    reply: string,
    outbound: Outbound,
    statistics: EndpointStatistics,
    startedAt: number,
  ): void {
    statistics.inFlight -= 1;
    statistics.record(performance.now() - startedAt, outbound.error?.text ?? null);
    this.respond(reply, outbound);
  }

  /** Never rejects: a fault becomes an error reply. */
  private async outboundOf(handler: MessageHandler, inbound: Inbound): Promise<Outbound> {
    try {
      const result: unknown = await handler(inbound);
      const outbound = isObservable(result) ? await lastValueFrom(result) : result;
      return outbound as Outbound;
    } catch (error) {
      return encodeError(this.asMetadError(error), null);
    }
  }

  private respond(reply: string, outbound: Outbound): void {
    if (outbound.fault !== undefined) {
      const about = { err: outbound.fault, ...outbound.about };
      this.diagnostics.error(about, 'request failed unexpectedly');
    }
    try {
      this.publish(reply, outbound);
    } catch (error) {
      // Larger than the broker takes, or the connection ended just now: the caller learns nothing,
      // and whoever answers (the node as it applies an entry) is not to blame.
      this.diagnostics.error({ err: error, reply }, 'an answer could not be sent');
    }
  }

  private publish(reply: string, outbound: Outbound): void {
    if (this.connection.isClosed()) return;
    if (outbound.error === null) {
      this.connection.publish(reply, outbound.payload);
      return;
    }
    const header = headers();
    header.set('Nats-Service-Error', outbound.error.text);
    header.set('Nats-Service-Error-Code', String(outbound.error.status));
    this.connection.publish(reply, outbound.payload, { headers: header });
  }

  /**
   * A fault of this program is not the caller's to understand; what it may conclude is: unknown.
   */
  private asMetadError(error: unknown): MetadError {
    if (error instanceof MetadError) return error;
    this.diagnostics.error({ err: error }, 'request failed unexpectedly');
    return new MetadError('OUTCOME_UNKNOWN', 'internal fault; retry with the same commandId');
  }
}

/** Where the answer to one directly served request goes. */
class DirectReply implements ReplyTo {
  private readonly startedAt = performance.now();

  constructor(
    private readonly strategy: NatsServerStrategy,
    private readonly reply: string,
    private readonly statistics: EndpointStatistics,
    readonly trace: CommandTrace | null,
  ) {}

  answer(outbound: Outbound): void {
    this.trace?.end(outbound.error?.text ?? null);
    this.strategy.answered(this.reply, outbound, this.statistics, this.startedAt);
  }
}
