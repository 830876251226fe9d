import type { Clock } from '@metad/foundation';
import type {
  WireConnection,
  WireHeaders,
  WireMessage,
  WireSubscription,
} from './wire-connection.js';

export type RequestOutcome =
  | { readonly kind: 'reply'; readonly message: WireMessage }
  /** Surely nobody received the request: NATS' own 503, or it was never sent. */
  | { readonly kind: 'noResponders'; readonly reason: UnsentReason }
  /** Somebody may have received it. */
  | { readonly kind: 'timeout' };

/** `full`: too many requests under way here; `forbidden`: the broker refused the publish. */
export type UnsentReason = 'nobody' | 'full' | 'closed' | 'disconnected' | 'forbidden';

interface Pending {
  readonly subject: string;
  readonly resolve: (outcome: RequestOutcome) => void;
  readonly dueAt: number;
}

export interface RequesterOptions {
  /** `_INBOX`, or a user's own prefix where the broker keeps users' inboxes apart. */
  readonly inboxPrefix?: string;
  /** Requests under way; the next one is not sent. */
  readonly pendingMax?: number;
  /** Sent with every request. */
  readonly headers?: WireHeaders;
}

const sweepMs = 50;
const pendingMaxDefault = 16_384;

/** One object for the outcome that carries nothing: requests time out in crowds. */
const TIMEOUT: RequestOutcome = { kind: 'timeout' };
const unsent = (reason: UnsentReason): RequestOutcome => ({ kind: 'noResponders', reason });

/**
 * Request-reply over one wildcard inbox, with one sweep for all time-outs: a promise, a timer and
 * a captured stack per request cost ten times as much (docs/adr/0003-nats-client.md).
 */
export class NatsRequester {
  private readonly inbox: string;
  private readonly subscription: WireSubscription;
  private readonly pending = new Map<string, Pending>();
  readonly pendingMax: number;
  private readonly headers: { readonly headers?: WireHeaders };
  private sequence = 0;
  private cancelSweep: (() => void) | null = null;
  private closed = false;

  /** `inboxName` is one subject token and unique on the broker. */
  constructor(
    private readonly connection: WireConnection,
    private readonly clock: Clock,
    inboxName: string,
    options: RequesterOptions = {},
  ) {
    this.pendingMax = options.pendingMax ?? pendingMaxDefault;
    this.headers = options.headers === undefined ? {} : { headers: options.headers };
    this.inbox = `${options.inboxPrefix ?? '_INBOX'}.${inboxName}.`;
    this.subscription = connection.subscribe(`${this.inbox}*`, {
      callback: (error, message) => {
        if (!error) this.onReply(message);
      },
    });
  }

  /** Requests sent and not yet ended. */
  get size(): number {
    return this.pending.size;
  }

  /** Never rejects. The time-out is kept to within 50 ms. */
  request(
    subject: string,
    payload: Uint8Array | string,
    timeoutMs: number,
  ): Promise<RequestOutcome> {
    if (this.pending.size >= this.pendingMax) return Promise.resolve(unsent('full'));
    if (this.closed || this.connection.isClosed()) return Promise.resolve(unsent('closed'));
    this.sequence += 1;
    const token = this.sequence.toString(36);
    try {
      this.connection.publish(subject, payload, { reply: this.inbox + token, ...this.headers });
    } catch {
      return Promise.resolve(unsent('closed')); // It is draining: nothing was written.
    }
    const dueAt = this.clock.monotonic() + timeoutMs;
    return new Promise((resolve) => {
      this.pending.set(token, { subject, resolve, dueAt });
      this.cancelSweep ??= this.clock.after(sweepMs, this.sweep);
    });
  }

  /** The broker refused what was published to `subject`: nobody received it. */
  refuse(subject: string): void {
    for (const [token, waiting] of this.pending) {
      if (waiting.subject !== subject) continue;
      this.pending.delete(token);
      waiting.resolve(unsent('forbidden'));
    }
  }

  /** The connection broke: no answer will come to what is under way. */
  interrupt(): void {
    for (const { resolve } of this.pending.values()) resolve(TIMEOUT);
    this.pending.clear();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.cancelSweep?.();
    if (!this.connection.isClosed()) this.subscription.unsubscribe();
    this.interrupt();
  }

  private onReply(message: WireMessage): void {
    const token = message.subject.slice(this.inbox.length);
    const waiting = this.pending.get(token);
    if (!waiting) return;
    this.pending.delete(token);
    const gone = message.data.length === 0 && message.headers?.code === 503;
    waiting.resolve(gone ? unsent('nobody') : { kind: 'reply', message });
  }

  private readonly sweep = (): void => {
    const now = this.clock.monotonic();
    for (const [token, { resolve, dueAt }] of this.pending) {
      if (dueAt > now) continue;
      this.pending.delete(token);
      resolve(TIMEOUT);
    }
    this.cancelSweep = this.pending.size > 0 ? this.clock.after(sweepMs, this.sweep) : null;
  };
}
