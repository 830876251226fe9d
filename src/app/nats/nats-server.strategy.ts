import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { invariant } from '@metad/foundation';
import { MetadError, type Subjects } from '@metad/contract';
import { headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { lastValueFrom, isObservable } from 'rxjs';
import type { Logger } from '../logger.js';
import { encodeError } from './reply.js';
import { EndpointStatistics } from './endpoint-statistics.js';
import { isInbox, type Inbound, type Outbound } from './inbound.js';

/** The patterns that controllers handle with `@MessagePattern`. */
export type Pattern = 'command' | 'query' | 'watch' | 'admin' | 'leader.command' | 'leader.query';

const QUEUE = 'metad';

/**
 * Nest's door to NATS with the contract's own subjects and bodies. Subjects are many (one pair per
 * led partition) and change at run time; patterns are six. The connection is shared with the rest
 * of the node and is not closed here.
 */
export class NatsServerStrategy extends Server implements CustomTransportStrategy {
  private readonly subscriptions = new Map<string, Subscription>();
  private accepting = false;
  private inFlight = 0;
  /** Requests by pattern, for discovery and metrics. */
  readonly statistics = new Map<Pattern, EndpointStatistics>();
  /** Requests that came without a usable reply subject: they cannot be answered, only counted. */
  unanswerable = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly subjects: Subjects,
    private readonly node: string,
    private readonly diagnostics: Logger,
  ) {
    super();
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
    this.unsubscribe(this.subjects.leaderCommand(partition));
    this.unsubscribe(this.subjects.leaderQuery(partition));
  }

  closeShared(): void {
    const { commands, queries, watches } = this.subjects;
    for (const subject of [commands, queries, watches, this.subjects.adminOf('_any')]) {
      this.unsubscribe(subject);
    }
  }

  /** Requests taken and not yet answered. */
  pending(): number {
    return this.inFlight;
  }

  close(): void {
    this.accepting = false;
    for (const subscription of this.subscriptions.values()) subscription.unsubscribe();
    this.subscriptions.clear();
  }

  on(): void {
    // Connection events are followed by NatsHealth; nothing is emitted here.
  }

  unwrap<T>(): T {
    return this.connection as T;
  }

  private subscribe(subject: string, queue: string | null, pattern: Pattern): void {
    if (this.subscriptions.has(subject)) return;
    const handler = this.getHandlerByPattern(pattern);
    invariant(handler !== null, 'every pattern has a controller');
    const skipped = this.subjects.prefix.length + 1;
    const statistics = this.statistics.get(pattern) ?? new EndpointStatistics();
    this.statistics.set(pattern, statistics);
    const subscription = this.connection.subscribe(subject, {
      ...(queue !== null && { queue }),
      callback: (error, message) => {
        if (error) this.diagnostics.warn({ subject, error: error.message }, 'subscription failed');
        else void this.handle(handler, message, skipped, statistics);
      },
    });
    this.subscriptions.set(subject, subscription);
  }

  private unsubscribe(subject: string): void {
    this.subscriptions.get(subject)?.unsubscribe();
    this.subscriptions.delete(subject);
  }

  private async handle(
    handler: MessageHandler,
    message: Msg,
    skipped: number,
    statistics: EndpointStatistics,
  ): Promise<void> {
    const { reply } = message;
    if (!this.accepting) return;
    if (reply === undefined || reply === '' || !isInbox(reply)) {
      this.unanswerable += 1;
      return;
    }
    const inbound: Inbound = {
      tokens: message.subject.slice(skipped).split('.'),
      data: message.data,
      headers: message.headers,
      reply,
    };
    this.inFlight += 1;
    const startedAt = performance.now();
    const outbound = await this.outboundOf(handler, inbound);
    this.inFlight -= 1;
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
      this.diagnostics.error({ err: outbound.fault }, 'request failed unexpectedly');
    }
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
