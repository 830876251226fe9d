import { randomBytes } from 'node:crypto';
import type { Subjects } from '@metad/contract';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { WatchSink } from './watch-ports.js';
import type { Watcher } from './session/watcher.js';

interface InboxWatch {
  readonly namespace: string;
  readonly watchId: string;
  watcher: Watcher | null;
}

/**
 * Watches whose messages go to NATS inboxes. A message that must be answered names a subject under
 * this node's own answer inbox, whose last tokens say which watch and which mark; NATS' own 503
 * comes back on it when nobody listens to the inbox any more, which ends the watch at once.
 *
 * Any node may get the request that closes a watch: what is not found here is passed on to all
 * nodes on a subject of the nodes' own subtree.
 */
export class InboxDelivery {
  private readonly answers = `_INBOX.metadw${randomBytes(12).toString('hex')}`;
  private readonly byNumber = new Map<number, InboxWatch>();
  private readonly subscriptions: Subscription[] = [];
  private sequence = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly subjects: Subjects,
    private readonly endWatch: (watcher: Watcher, reason: 'gone' | 'linkLost') => void,
  ) {}

  start(): void {
    const answered = this.connection.subscribe(`${this.answers}.*.*`, {
      callback: (error, message) => {
        if (error) return;
        const gone = message.data.length === 0 && message.headers?.code === 503;
        this.onAnswer(message.subject, gone);
      },
    });
    const closing = this.connection.subscribe(this.closeSubject(), {
      callback: (error, message) => {
        if (!error) this.onClose(message.string());
      },
    });
    this.subscriptions.push(answered, closing);
    void this.followLink();
  }

  stop(): void {
    if (!this.connection.isClosed()) for (const one of this.subscriptions) one.unsubscribe();
  }

  /** `begin` opens the watch on the sink that it is given; what it throws is the caller's. */
  open(
    namespace: string,
    watchId: string,
    inbox: string,
    begin: (sink: WatchSink) => Watcher,
  ): Watcher {
    this.closeHere(namespace, watchId); // The same id again takes the place of the first.
    this.sequence += 1;
    const number = this.sequence;
    const watch: InboxWatch = { namespace, watchId, watcher: null };
    this.byNumber.set(number, watch);
    try {
      const watcher = begin(this.sinkOf(number, inbox));
      watch.watcher = watcher;
      return watcher;
    } catch (error) {
      this.byNumber.delete(number);
      throw error;
    }
  }

  close(namespace: string, watchId: string): void {
    if (this.closeHere(namespace, watchId)) return;
    this.connection.publish(this.closeSubject(), `${namespace} ${watchId}`);
  }

  private sinkOf(number: number, inbox: string): WatchSink {
    const answers = `${this.answers}.${number}.`;
    return {
      send: (message, mark) => {
        if (this.connection.isClosed()) return;
        if (mark === null) this.connection.publish(inbox, message);
        else this.connection.publish(inbox, message, { reply: `${answers}${mark}` });
      },
      close: () => void this.byNumber.delete(number),
    };
  }

  /**
   * What was published around a break of the link may be lost: after it every watch here ends, and
   * its consumer goes on from what it has. Runs until the connection is closed.
   */
  private async followLink(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type !== 'reconnect') continue;
      for (const { watcher } of [...this.byNumber.values()]) {
        if (watcher) this.endWatch(watcher, 'linkLost');
      }
    }
  }

  private onAnswer(subject: string, gone: boolean): void {
    const tokens = subject.split('.');
    const watcher = this.byNumber.get(Number(tokens[2]))?.watcher;
    if (!watcher) return;
    if (gone) this.endWatch(watcher, 'gone');
    else watcher.answered(Number(tokens[3]));
  }

  private closeHere(namespace: string, watchId: string): boolean {
    for (const { namespace: owner, watchId: id, watcher } of this.byNumber.values()) {
      if (owner !== namespace || id !== watchId || watcher === null) continue;
      this.endWatch(watcher, 'gone');
      return true;
    }
    return false;
  }

  private onClose(text: string): void {
    const split = text.indexOf(' ');
    this.closeHere(text.slice(0, split), text.slice(split + 1));
  }

  private closeSubject(): string {
    return `${this.subjects.prefix}.p._watch.close`;
  }
}
