import type {
  WireConnection,
  WireMessage,
  WirePublishOptions,
  WireStatus,
  WireSubscribeOptions,
  WireSubscription,
} from '../wire/wire-connection.js';

interface Subscriber {
  readonly pattern: readonly string[];
  readonly owner: MemoryConnection;
  readonly deliver: (error: Error | null, message: WireMessage) => void;
}

const GONE = { code: 503, get: () => '' };

/** A broker in memory, enough to test the client: wildcards, 503, cut links, refused publishes. */
export class MemoryBroker {
  private readonly subscribers = new Set<Subscriber>();
  /** Everything published, newest last. */
  readonly published: { readonly subject: string; readonly text: string }[] = [];

  connect(): MemoryConnection {
    return new MemoryConnection(this);
  }

  add(subscriber: Subscriber): void {
    this.subscribers.add(subscriber);
  }

  remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
  }

  /** Answers requests on `pattern` from a connection of its own; null leaves one unanswered. */
  answer(
    pattern: string,
    respond: (body: Body, subject: string) => object | null,
  ): MemoryConnection {
    const connection = this.connect();
    connection.subscribe(pattern, {
      callback: (_error, message) => {
        const reply = respond(JSON.parse(textOf(message.data)) as Body, message.subject);
        if (reply !== null && message.reply) {
          connection.publish(message.reply, JSON.stringify(reply));
        }
      },
    });
    return connection;
  }

  route(from: MemoryConnection, subject: string, payload: Uint8Array, reply: string): void {
    this.published.push({ subject, text: textOf(payload) });
    queueMicrotask(() => {
      const heard = this.deliver(subject, { subject, data: payload, reply });
      if (heard || reply === '') return;
      const gone = { subject: reply, data: new Uint8Array(), headers: GONE };
      if (from.isUp) this.deliver(reply, gone);
    });
  }

  private deliver(subject: string, message: WireMessage): boolean {
    const tokens = subject.split('.');
    let heard = false;
    for (const { pattern, owner, deliver } of this.subscribers) {
      if (!owner.isUp || !matches(pattern, tokens)) continue;
      heard = true;
      deliver(null, message);
    }
    return heard;
  }
}

export type Body = Readonly<Record<string, unknown>>;

export class MemoryConnection implements WireConnection {
  isUp = true;
  /** Publishes to these subjects are refused, as by the broker's permissions. */
  readonly forbidden = new Set<string>();
  private closed = false;
  private readonly statuses: WireStatus[] = [];
  private wake: (() => void) | null = null;

  constructor(private readonly broker: MemoryBroker) {}

  publish(
    subject: string,
    payload: Uint8Array | string = '',
    { reply = '' }: WirePublishOptions = {},
  ): void {
    if (this.closed) throw new Error('closed');
    const data = typeof payload === 'string' ? Buffer.from(payload) : payload;
    if (this.forbidden.has(subject)) {
      this.say({ type: 'error', error: { operation: 'publish', subject } });
    } else if (this.isUp) this.broker.route(this, subject, data, reply);
  }

  subscribe(subject: string, { callback }: WireSubscribeOptions = {}): WireSubscription {
    const deliver = callback ?? ((): void => {});
    const subscriber = { pattern: subject.split('.'), owner: this, deliver };
    this.broker.add(subscriber);
    return { unsubscribe: () => this.broker.remove(subscriber) };
  }

  isClosed(): boolean {
    return this.closed;
  }

  cut(): void {
    this.isUp = false;
    this.say({ type: 'disconnect' });
  }

  restore(): void {
    this.isUp = true;
    this.say({ type: 'reconnect' });
  }

  close(): void {
    this.closed = true;
    this.isUp = false;
    this.wake?.();
  }

  async *status(): AsyncGenerator<WireStatus, void, void> {
    while (!this.closed) {
      const next = this.statuses.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private say(status: WireStatus): void {
    this.statuses.push(status);
    this.wake?.();
  }
}

const textOf = (data: Uint8Array): string => Buffer.from(data).toString();

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  for (const [at, token] of pattern.entries()) {
    if (token === '>') return tokens.length > at;
    if (token !== '*' && token !== tokens[at]) return false;
  }
  return pattern.length === tokens.length;
}
