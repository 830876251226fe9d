import type { ClientConnection, Exchange } from './client-connection.js';
import type { LinkFaults } from './link-faults.js';
import type { Publication } from './protocol-parser.js';
import { covers } from './subject.js';
import { SubjectIndex } from './subject-index.js';
import type { Subscription } from './subscription.js';

const NO_RESPONDERS = Buffer.from('NATS/1.0 503\r\n\r\n\r\n');

/** Takes what clients publish to whom it concerns, and gathers writes until the turn's end. */
export class Router implements Exchange {
  private readonly index = new SubjectIndex();
  private readonly unflushed: ClientConnection[] = [];
  private flushScheduled = false;

  constructor(
    private readonly faults: LinkFaults,
    readonly onClosed: (client: ClientConnection, reason: string) => void,
  ) {}

  subscribe(subscription: Subscription): void {
    this.index.add(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    this.index.remove(subscription);
  }

  publish(from: ClientConnection, message: Publication): void {
    const receivers = this.index.match(message.subject);
    let delivered = 0;
    for (const subscription of receivers.plain) {
      if (this.deliver(from, subscription, message)) delivered += 1;
    }
    for (const group of receivers.groups) {
      if (this.deliverToOne(from, group, message)) delivered += 1;
    }
    if (delivered === 0 && message.reply !== '' && from.options.noResponders) {
      answerNoResponders(from, message.reply);
    }
  }

  /** Flushing once per turn of the event loop lets all messages that arrived in it share writes. */
  flushLater(client: ClientConnection): void {
    if (!client.awaitsFlush) {
      client.awaitsFlush = true;
      this.unflushed.push(client);
    }
    if (this.flushScheduled) return;
    this.flushScheduled = true;
    setImmediate(() => this.flushAll());
  }

  private flushAll(): void {
    this.flushScheduled = false;
    for (const client of this.unflushed) {
      client.awaitsFlush = false;
      client.flush();
    }
    this.unflushed.length = 0;
  }

  /** False if this receiver does not take it: closed, or the publisher without echo. */
  private deliver(from: ClientConnection, to: Subscription, message: Publication): boolean {
    const client = to.client;
    if (!client.isOpen || (client === from && !from.options.echo)) return false;
    if (this.faults.passes(from, to, message)) client.deliver(to, message);
    return true;
  }

  private deliverToOne(
    from: ClientConnection,
    group: readonly Subscription[],
    message: Publication,
  ): boolean {
    const start = group.length === 1 ? 0 : Math.floor(Math.random() * group.length);
    for (let step = 0; step < group.length; step += 1) {
      const member = group[(start + step) % group.length];
      if (member !== undefined && this.deliver(from, member, message)) return true;
    }
    return false;
  }
}

/** Nobody listens: the requester learns it at once on its own inbox. */
function answerNoResponders(to: ClientConnection, inbox: string): void {
  for (const subscription of to.subscriptions.values()) {
    if (!covers(subscription.subject, inbox)) continue;
    const size = NO_RESPONDERS.length - 2;
    to.deliver(subscription, {
      subject: inbox,
      reply: '',
      headerBytes: size,
      source: NO_RESPONDERS,
      start: 0,
      end: size,
    });
    return;
  }
}
