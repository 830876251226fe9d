import type { ClientConnection } from './client-connection.js';
import type { Publication } from './protocol-parser.js';
import type { Subscription } from './subscription.js';

/** One delivery about to happen, for a test to decide upon. Names are those given in CONNECT. */
export interface Delivery {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly reply: string;
  readonly bytes: number;
}

/** `hold` keeps the message until `releaseHeld`; a number delays it by so many milliseconds. */
export type Verdict = 'deliver' | 'drop' | 'hold' | number;

/** Messages delayed or held at once; beyond it they are dropped and counted. */
const keptMessagesMax = 100_000;

/**
 * Faults of the links between clients, for tests: a rule sees every delivery and says what becomes
 * of it. A route that stalls and heals later is `hold` followed by `releaseHeld`: the old messages
 * arrive then, in order, as they do on a real network.
 */
export class LinkFaults {
  rule: ((delivery: Delivery) => Verdict) | null = null;
  readonly counts = { dropped: 0, delayed: 0, held: 0 };
  private readonly held: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();

  /** True if the message is to be delivered now; otherwise it has been taken care of. */
  passes(from: ClientConnection, to: Subscription, message: Publication): boolean {
    if (this.rule === null) return true;
    const verdict = this.rule({
      from: from.name,
      to: to.client.name,
      subject: message.subject,
      reply: message.reply,
      bytes: message.end - message.start,
    });
    if (verdict === 'deliver' || verdict === 0) return true;
    if (verdict === 'drop' || this.held.length + this.timers.size >= keptMessagesMax) {
      this.counts.dropped += 1;
      return false;
    }
    const later = keep(to, message);
    if (verdict === 'hold') {
      this.counts.held += 1;
      this.held.push(later);
    } else this.delay(later, verdict);
    return false;
  }

  releaseHeld(): void {
    for (const deliver of this.held.splice(0)) deliver();
  }

  /** Forgets everything delayed or held. */
  clear(): void {
    this.rule = null;
    this.held.length = 0;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private delay(deliver: () => void, ms: number): void {
    this.counts.delayed += 1;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      deliver();
    }, ms);
    this.timers.add(timer);
  }
}

/** A delivery that survives its turn: the parser uses its message and its buffers again. */
function keep(to: Subscription, message: Publication): () => void {
  const source = Buffer.from(message.source.subarray(message.start, message.end + 2));
  const copy: Publication = { ...message, source, start: 0, end: source.length - 2 };
  return () => {
    if (to.client.subscriptions.get(to.sid) === to) to.client.deliver(to, copy);
  };
}
