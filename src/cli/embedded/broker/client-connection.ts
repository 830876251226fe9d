import type { Socket } from 'node:net';
import { Outbox } from './outbox.js';
import { ProtocolParser } from './protocol-parser.js';
import type { ProtocolHandler, Publication } from './protocol-parser.js';
import { ProtocolViolation } from './protocol-violation.js';
import { isLiteral, isSubscribable } from './subject.js';
import { Subscription } from './subscription.js';

export interface ConnectionLimits {
  readonly payloadBytesMax: number;
  /** A client that leaves more than this unread is cut as a slow consumer. */
  readonly pendingBytesMax: number;
  readonly subscriptionsMax: number;
}

/** What a connection needs of the broker. */
export interface Exchange {
  subscribe(subscription: Subscription): void;
  unsubscribe(subscription: Subscription): void;
  publish(from: ClientConnection, message: Publication): void;
  /** Has `client`'s outbox flushed at the end of this turn. */
  flushLater(client: ClientConnection): void;
  onClosed(client: ClientConnection, reason: string): void;
}

/** The part of CONNECT that this broker heeds; the defaults are nats-server's. */
interface ConnectOptions {
  readonly name: string;
  readonly verbose: boolean;
  readonly pedantic: boolean;
  readonly echo: boolean;
  readonly noResponders: boolean;
}

const DEFAULTS: ConnectOptions = {
  name: '',
  verbose: true,
  pedantic: true,
  echo: true,
  noResponders: false,
};

/** One client: its socket, its subscriptions, and what it said in CONNECT. */
export class ClientConnection implements ProtocolHandler {
  readonly subscriptions = new Map<string, Subscription>();
  readonly outbox: Outbox;
  options = DEFAULTS;
  isOpen = true;
  /** Stands in the list of clients to be flushed at the end of this turn. */
  awaitsFlush = false;
  /** PINGs of ours that have not been answered. */
  pingsOut = 0;
  private readonly parser: ProtocolParser;

  constructor(
    readonly id: number,
    readonly socket: Socket,
    private readonly exchange: Exchange,
    private readonly limits: ConnectionLimits,
    private readonly isRefused: (name: string) => boolean,
  ) {
    this.outbox = new Outbox(socket, limits.pendingBytesMax);
    this.parser = new ProtocolParser(this, limits.payloadBytesMax);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.onData(chunk));
    socket.on('error', (error) => this.close(error.message));
    socket.on('close', () => this.close('closed by the client'));
  }

  get name(): string {
    return this.options.name;
  }

  say(line: string): void {
    this.outbox.text(line);
    this.exchange.flushLater(this);
  }

  deliver(subscription: Subscription, message: Publication): void {
    this.outbox.message(subscription.sid, message);
    this.exchange.flushLater(this);
    subscription.delivered += 1;
    if (subscription.delivered === subscription.deliveredMax) this.drop(subscription);
    if (this.outbox.isOver) this.fail('Slow Consumer');
  }

  flush(): void {
    if (this.isOpen) this.outbox.flush();
  }

  /** Tells the client why, as far as it still reads, and ends the connection. */
  fail(text: string): void {
    if (!this.isOpen) return;
    this.outbox.text(`-ERR '${text}'\r\n`);
    this.outbox.flush();
    this.close(text);
  }

  /** Ends the connection at once, what is unsent included. */
  close(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const subscription of this.subscriptions.values()) {
      this.exchange.unsubscribe(subscription);
    }
    this.subscriptions.clear();
    this.socket.destroySoon();
    // A reader that has stopped would keep the socket in its closing state for ever.
    if (this.outbox.isOver) this.socket.destroy();
    this.exchange.onClosed(this, reason);
  }

  onConnect(json: string): void {
    const options = parseConnect(json);
    if (options === null) throw new ProtocolViolation('Parser Error');
    if (this.isRefused(options.name)) {
      this.socket.resetAndDestroy();
      this.close('turned away');
      return;
    }
    this.options = options;
    this.acknowledge();
  }

  onPing(): void {
    this.say('PONG\r\n');
  }

  onPong(): void {
    this.pingsOut = 0;
  }

  onSub(subject: string, queue: string, sid: string): void {
    if (!isSubscribable(subject)) {
      this.say("-ERR 'Invalid Subject'\r\n");
      return;
    }
    if (this.subscriptions.size >= this.limits.subscriptionsMax) {
      this.say("-ERR 'maximum subscriptions exceeded'\r\n");
      return;
    }
    if (!this.subscriptions.has(sid)) {
      const subscription = new Subscription(this, sid, subject, queue);
      this.subscriptions.set(sid, subscription);
      this.exchange.subscribe(subscription);
    }
    this.acknowledge();
  }

  onUnsub(sid: string, deliveredMax: number): void {
    const subscription = this.subscriptions.get(sid);
    if (subscription !== undefined) {
      subscription.deliveredMax = deliveredMax;
      if (subscription.delivered >= deliveredMax) this.drop(subscription);
    }
    this.acknowledge();
  }

  onPublish(message: Publication): void {
    if (this.options.pedantic && !isLiteral(message.subject)) {
      this.say("-ERR 'Invalid Publish Subject'\r\n");
    }
    this.exchange.publish(this, message);
    this.acknowledge();
  }

  private onData(chunk: Buffer): void {
    if (!this.isOpen) return;
    try {
      this.parser.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.fail(error.text);
    }
  }

  private drop(subscription: Subscription): void {
    if (this.subscriptions.delete(subscription.sid)) this.exchange.unsubscribe(subscription);
  }

  private acknowledge(): void {
    if (this.options.verbose) this.say('+OK\r\n');
  }
}

function parseConnect(json: string): ConnectOptions | null {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    return null;
  }
  if (typeof given !== 'object' || given === null) return null;
  const fields = given as Record<string, unknown>;
  const flag = (key: string, absent: boolean): boolean =>
    typeof fields[key] === 'boolean' ? fields[key] : absent;
  return {
    name: typeof fields['name'] === 'string' ? fields['name'] : '',
    verbose: flag('verbose', DEFAULTS.verbose),
    pedantic: flag('pedantic', DEFAULTS.pedantic),
    echo: flag('echo', DEFAULTS.echo),
    noResponders: flag('no_responders', false) && flag('headers', false),
  };
}
