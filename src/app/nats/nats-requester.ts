import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock } from '@metad/foundation';

export type RequestOutcome =
  | { readonly kind: 'reply'; readonly message: Msg }
  /** NATS' own 503: surely nobody received the request. */
  | { readonly kind: 'noResponders' }
  /** Somebody may have received it. */
  | { readonly kind: 'timeout' };

interface Pending {
  readonly resolve: (outcome: RequestOutcome) => void;
  readonly dueAt: number;
}

const sweepMs = 50;

/**
 * Request-reply over one wildcard inbox, with one sweep for all time-outs: a promise, a timer and
 * a captured stack per request cost ten times as much (docs/adr/0003-nats-client.md).
 */
export class NatsRequester {
  private readonly inbox: string;
  private readonly subscription: Subscription;
  private readonly pending = new Map<string, Pending>();
  private sequence = 0;
  private cancelSweep: (() => void) | null = null;

  constructor(
    private readonly connection: NatsConnection,
    private readonly clock: Clock,
    inboxName: string,
    private readonly pendingMax = 16_384,
  ) {
    this.inbox = `_INBOX.${inboxName}.`;
    this.subscription = connection.subscribe(`${this.inbox}*`, {
      callback: (error, message) => {
        if (!error) this.onReply(message);
      },
    });
  }

  /** At the limit of requests under way the outcome is `noResponders`: surely not sent. */
  request(
    subject: string,
    payload: Uint8Array | string,
    timeoutMs: number,
  ): Promise<RequestOutcome> {
    if (this.pending.size >= this.pendingMax || this.connection.isClosed()) {
      return Promise.resolve({ kind: 'noResponders' });
    }
    this.sequence += 1;
    const token = this.sequence.toString(36);
    const dueAt = this.clock.monotonic() + timeoutMs;
    return new Promise((resolve) => {
      this.pending.set(token, { resolve, dueAt });
      this.connection.publish(subject, payload, { reply: this.inbox + token });
      this.cancelSweep ??= this.clock.after(sweepMs, this.sweep);
    });
  }

  close(): void {
    this.cancelSweep?.();
    this.subscription.unsubscribe();
    for (const { resolve } of this.pending.values()) resolve({ kind: 'timeout' });
    this.pending.clear();
  }

  private onReply(message: Msg): void {
    const token = message.subject.slice(this.inbox.length);
    const waiting = this.pending.get(token);
    if (!waiting) return;
    this.pending.delete(token);
    const gone = message.data.length === 0 && message.headers?.code === 503;
    waiting.resolve(gone ? { kind: 'noResponders' } : { kind: 'reply', message });
  }

  private readonly sweep = (): void => {
    const now = this.clock.monotonic();
    for (const [token, { resolve, dueAt }] of this.pending) {
      if (dueAt > now) continue;
      this.pending.delete(token);
      resolve({ kind: 'timeout' });
    }
    this.cancelSweep = this.pending.size > 0 ? this.clock.after(sweepMs, this.sweep) : null;
  };
}
