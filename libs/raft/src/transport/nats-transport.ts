import type { Clock, NodeName, Random } from '@metad/foundation';
import { Envelopes, ENVELOPE_BYTES_MAX } from './envelope.js';
import type { Opened } from './envelope.js';
import type { NatsConnectionPort, NatsMessage } from './nats-connection-port.js';
import { PendingReplies } from './pending-replies.js';
import type { Pending } from './pending-replies.js';
import { TransportCounters } from './refusals.js';
import { ReplayWindow } from './replay-window.js';
import type { FrameHandler, ReplyHandler, Transport, TransportStats } from './transport-port.js';

export interface NatsTransportOptions {
  readonly connection: NatsConnectionPort;
  readonly clock: Clock;
  readonly random: Random;
  readonly self: NodeName;
  readonly cluster: string;
  /** Subject on which a node listens, and the prefix of everything that is the service's own. */
  readonly subjects: {
    readonly prefix: string;
    raft(cluster: string, node: string): string;
  };
  /** The connection's own inbox prefix; replies go under it and nowhere else. Default `_INBOX`. */
  readonly inboxPrefix?: string;
  /** Id of the cluster's history; '' while not known. */
  readonly incarnation?: () => string;
  /** Members of the cluster. Default: everybody who may publish on the subject. */
  readonly isMember?: (node: NodeName) => boolean;
  /** None, one, or two during a rotation, the first of which seals. */
  readonly secrets?: readonly string[];
}

/** Larger frames only add latency: messages are split long before. */
const frameBytesCap = 1024 * 1024;
/** Frames that a sender can send in a millisecond without its counter overtaking the clock. */
const countersPerMs = 1024;
const noResponders = 503;
const NONE = new Uint8Array(0);

/**
 * Node traffic over NATS, request-reply by hand: one wildcard subscription takes all replies, a
 * request is a publish with a reply subject, and one timer wheel serves all time-outs. This costs a
 * tenth of `nc.request()`, which makes a promise, a timer and a stack trace for each.
 *
 * NATS checks whether a client may publish on a request's subject, not on its reply subject: a
 * client could make a node deliver bytes of the client's choice wherever the node may publish. So
 * replies go to inbox-shaped subjects only, and never under the service's own prefix.
 *
 * With a secret, every frame is sealed over content, names and counter. Counters start from the
 * clock, so that a restarted node goes on above its former ones; a receiver that knows better (its
 * own clock is ahead, or it started later) answers with the counter from which it will accept, and
 * the sender jumps there and sends once more.
 *
 * Missing: switching secrets on in a running cluster without a pause (unsealed frames are refused
 * by nodes that have a secret), and a defence against replay of frames from a sender whose clock
 * was ahead of the receiver's when that was last started; Raft takes old frames without harm.
 */
export class NatsTransport implements Transport {
  readonly frameBytesMax: number;
  private readonly envelopes: Envelopes;
  private readonly counters = new TransportCounters();
  private readonly pending: PendingReplies;
  private readonly subscriptions: { unsubscribe(): void }[] = [];
  private readonly inboxBase: string;
  private readonly inboxRoot: string;
  /** Last counter used towards each receiver. */
  private readonly sent = new Map<NodeName, number>();
  /** Counters seen from each sender. */
  private readonly windows = new Map<NodeName, ReplayWindow>();
  private readonly firstCounter: number;
  private closed = false;

  constructor(private readonly options: NatsTransportOptions) {
    const { clock, random, self, cluster } = options;
    this.envelopes = new Envelopes({
      cluster,
      self,
      incarnation: options.incarnation ?? (() => ''),
      isMember: options.isMember ?? (() => true),
      secrets: options.secrets ?? [],
    });
    this.pending = new PendingReplies(clock);
    const serverMax = options.connection.info?.max_payload ?? frameBytesCap;
    this.frameBytesMax = Math.min(serverMax, frameBytesCap) - ENVELOPE_BYTES_MAX;
    this.firstCounter = Math.floor(clock.now()) * countersPerMs;
    this.inboxRoot = `${options.inboxPrefix ?? '_INBOX'}.`;
    if (this.inboxRoot.startsWith(`${options.subjects.prefix}.`)) {
      throw new Error('the inbox prefix must not lie under the prefix of the service');
    }
    const token = [0, 1, 2, 3].map(() => random.below(0x1_0000_0000).toString(36)).join('');
    this.inboxBase = `${this.inboxRoot}${token}.`;
  }

  async listen(handler: FrameHandler): Promise<void> {
    const { connection, subjects, cluster, self } = this.options;
    this.subscribe(`${this.inboxBase}*`, (message) => this.onReply(message));
    this.subscribe(subjects.raft(cluster, self), (message) => this.onRequest(message, handler));
    await connection.flush(); // The server knows of both before anybody is asked.
  }

  request(to: NodeName, frame: Uint8Array, timeoutMs: number, onReply: ReplyHandler): void {
    if (this.closed || this.options.connection.isClosed()) {
      this.failSoon('closed', onReply);
      return;
    }
    if (frame.length > this.frameBytesMax) {
      this.counters.refuse('size');
      this.failSoon('refused', onReply);
      return;
    }
    const counter = this.nextCounter(to);
    const id = this.pending.add(timeoutMs, to, counter, onReply);
    const wrapped = this.envelopes.wrap(to, 'request', counter, 0, frame);
    const waiting = this.pending.get(id);
    if (waiting !== undefined && this.envelopes.seal.isOn) waiting.frame = wrapped;
    this.publish(this.subjectOf(to), wrapped, `${this.inboxBase}${id}`);
  }

  stats(): TransportStats {
    return this.counters.snapshot();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.pending.failAll('closed');
    // Until the server knows, peers would wait for answers instead of hearing `gone`.
    if (!this.options.connection.isClosed()) await this.options.connection.flush();
  }

  private subscribe(subject: string, onMessage: (message: NatsMessage) => void): void {
    const subscription = this.options.connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null && !this.closed) onMessage(message);
      },
    });
    this.subscriptions.push(subscription);
  }

  private onRequest(message: NatsMessage, handler: FrameHandler): void {
    const { reply } = message;
    if (reply === undefined || !this.isInbox(reply)) {
      this.counters.refuse('reply');
      return;
    }
    const opened = this.open(message.data, 'request');
    if (opened === null) return;
    const { from, counter, content } = opened;
    if (!this.isFresh(from, counter)) {
      this.counters.refuse('replay');
      const from0 = this.windowOf(from).floorForSender;
      this.publish(reply, this.envelopes.wrap(from, 'counterRefused', from0, counter, NONE));
      return;
    }
    let answered = false;
    handler(from, content, (answer) => {
      if (answered || this.closed) return;
      answered = true;
      this.publish(reply, this.envelopes.wrap(from, 'answer', 0, counter, answer));
    });
  }

  private onReply(message: NatsMessage): void {
    const id = Number(message.subject.slice(this.inboxBase.length));
    const waiting = this.pending.get(id);
    if (waiting === undefined) return; // Late, or repeated.
    if (message.data.length === 0 && message.headers?.code === noResponders) {
      this.pending.settle(id, 'gone', null);
      return;
    }
    const opened = this.open(message.data, 'answer');
    if (opened === null) return;
    if (opened.from !== waiting.to || opened.answered !== waiting.counter) {
      this.counters.refuse('replay');
    } else if (opened.kind === 'counterRefused') {
      this.sendAgain(id, waiting, opened.counter);
    } else {
      this.pending.settle(id, null, opened.content);
    }
  }

  /** The receiver accepts counters above `above`: the request goes out once more. */
  private sendAgain(id: number, waiting: Pending, above: number): void {
    const { to, frame } = waiting;
    this.sent.set(to, Math.max(this.sent.get(to) ?? 0, above));
    if (frame === null) {
      this.pending.settle(id, 'refused', null);
      return;
    }
    waiting.frame = null;
    waiting.counter = this.nextCounter(to);
    const renewed = this.envelopes.renew(frame, waiting.counter);
    this.publish(this.subjectOf(to), renewed, `${this.inboxBase}${id}`);
  }

  private nextCounter(to: NodeName): number {
    const counter = (this.sent.get(to) ?? this.firstCounter) + 1;
    this.sent.set(to, counter);
    return counter;
  }

  private subjectOf(to: NodeName): string {
    return this.options.subjects.raft(this.options.cluster, to);
  }

  private open(frame: Uint8Array, expected: 'request' | 'answer'): Opened | null {
    const opened = this.envelopes.open(frame);
    if (typeof opened === 'string') {
      this.counters.refuse(opened);
      return null;
    }
    if ((opened.kind === 'request') !== (expected === 'request')) {
      this.counters.refuse('malformed');
      return null;
    }
    this.counters.received(frame.length);
    return opened;
  }

  /** Without a seal a counter proves nothing, so it is not looked at. */
  private isFresh(from: NodeName, counter: number): boolean {
    return !this.envelopes.seal.isOn || this.windowOf(from).accept(counter);
  }

  private windowOf(from: NodeName): ReplayWindow {
    let window = this.windows.get(from);
    if (window === undefined) {
      window = new ReplayWindow(this.firstCounter);
      this.windows.set(from, window);
    }
    return window;
  }

  private isInbox(subject: string): boolean {
    if (!subject.startsWith(this.inboxRoot)) return false;
    return !subject.startsWith(`${this.options.subjects.prefix}.`);
  }

  private publish(subject: string, frame: Uint8Array, reply?: string): void {
    const { connection } = this.options;
    if (connection.isClosed()) return; // Requests time out; answers are lost like any message.
    this.counters.sent(frame.length);
    connection.publish(subject, frame, reply === undefined ? {} : { reply });
  }

  private failSoon(failure: 'closed' | 'refused', onReply: ReplyHandler): void {
    this.options.clock.after(0, () => onReply(failure, null));
  }
}
