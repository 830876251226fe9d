import type { Message } from '../../core/index.js';
import type { NodeName } from '@metad/foundation';

/** A rule about messages: from, to, kind; null means any. */
export interface WireRule {
  readonly from: NodeName | null;
  readonly to: NodeName | null;
  readonly kind: string | null;
}

export const applies = (rule: WireRule, message: Message): boolean =>
  (rule.from === null || rule.from === message.from) &&
  (rule.to === null || rule.to === message.to) &&
  (rule.kind === null || rule.kind === message.kind);

/** The network of an interaction script: messages wait in one line; rules lose or keep them. */
export class Wires {
  queue: Message[] = [];
  private losing: WireRule[] = [];
  private keeping: WireRule[] = [];

  lose(rule: WireRule): void {
    this.losing.push(rule);
  }

  keep(rule: WireRule): void {
    this.keeping.push(rule);
  }

  /** No rule holds any more; what was kept back is delivered by the next `settle`. */
  heal(): void {
    this.losing = [];
    this.keeping = [];
  }

  send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (!this.losing.some((rule) => applies(rule, message))) this.queue.push(message);
    }
  }

  /** Everything that may be delivered now, in order. */
  takeFree(): readonly Message[] {
    const free = this.queue.filter((message) => !this.isKept(message));
    this.queue = this.queue.filter((message) => this.isKept(message));
    return free;
  }

  /** Waiting messages that match, kept back or not. */
  take(rule: WireRule): readonly Message[] {
    const taken = this.queue.filter((message) => applies(rule, message));
    this.queue = this.queue.filter((message) => !applies(rule, message));
    return taken;
  }

  private isKept(message: Message): boolean {
    return this.keeping.some((rule) => applies(rule, message));
  }
}
