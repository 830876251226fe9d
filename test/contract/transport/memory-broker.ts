import type { NatsConnectionPort, NatsMessage } from '@metad/raft';

type Callback = (error: Error | null, message: NatsMessage) => void;
interface Subscription {
  readonly subject: string;
  readonly callback: Callback;
}

/** Subjects and inboxes within one process; everything can be seen, held back and forged. */
export class MemoryBroker {
  /** Sees every message before it is delivered; false keeps it back. */
  onMessage: (message: NatsMessage) => boolean = () => true;
  private readonly subscriptions = new Set<Subscription>();

  connect(): NatsConnectionPort {
    return {
      publish: (subject, data, options) => this.publish({ subject, data, ...options }),
      subscribe: (subject, { callback }) => {
        const subscription = { subject, callback };
        this.subscriptions.add(subscription);
        return { unsubscribe: () => void this.subscriptions.delete(subscription) };
      },
      flush: () => Promise.resolve(),
      isClosed: () => false,
    };
  }

  /** Delivered later, as a broker does; the sender may use its bytes again at once. */
  publish(message: NatsMessage): void {
    const copy = { ...message, data: new Uint8Array(message.data) };
    setImmediate(() => {
      if (this.onMessage(copy)) this.deliver(copy);
    });
  }

  deliver(message: NatsMessage): void {
    const heard = [...this.subscriptions].filter(({ subject }) => covers(subject, message.subject));
    for (const { callback } of heard) callback(null, message);
    if (heard.length > 0 || message.reply === undefined) return;
    const nobody = { subject: message.reply, data: new Uint8Array(0), headers: { code: 503 } };
    this.deliver(nobody);
  }
}

const covers = (pattern: string, subject: string): boolean =>
  pattern.endsWith('*') ? subject.startsWith(pattern.slice(0, -1)) : pattern === subject;
