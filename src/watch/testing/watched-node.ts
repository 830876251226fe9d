import { subjectsUnder } from '@metad/contract';
import type { Logger } from '../../app/logger.js';
import { CatchupQuery } from '../catchup-query.js';
import { EventFeed } from '../channel/event-feed.js';
import { WatchHub } from '../channel/watch-hub.js';
import {
  defaultSessionLimits,
  WatchSessions,
  type SessionLimits,
} from '../session/watch-sessions.js';
import type { Watcher } from '../session/watcher.js';
import { parseFilter } from '../watch-filter.js';
import { WatchMessages } from '../watch-message.js';
import type { WatchSink } from '../watch-ports.js';
import { parseStart } from '../watch-request.js';
import type { WatchedLog } from './watched-log.js';

export interface Received {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A consumer that keeps what it gets, and answers marks unless told not to. */
export class Consumer implements WatchSink {
  readonly received: Received[] = [];
  readonly marks: number[] = [];
  watcher: Watcher | null = null;
  answers = true;
  closed = false;

  send(message: Uint8Array, mark: number | null): void {
    this.received.push(JSON.parse(Buffer.from(message).toString()) as Received);
    if (mark === null) return;
    if (this.answers) queueMicrotask(() => this.watcher?.answered(mark));
    else this.marks.push(mark);
  }

  close(): void {
    this.closed = true;
  }

  /** The given field of every message of one sort. */
  all(event: string, field: string): unknown[] {
    return this.received.filter((one) => one.event === event).map((one) => one[field]);
  }
}

/** The watch stage of one node over a log that a test writes; time stands still unless moved. */
export class WatchedNode {
  now = 0;
  readonly published: { subject: string; body: Received; position: string }[] = [];
  readonly unexpected: unknown[] = [];
  leads = false;
  /** Nothing can be published. */
  isCutOff = false;
  readonly sessions: WatchSessions;
  readonly hub: WatchHub;
  readonly catchup: CatchupQuery;

  constructor(
    readonly log: WatchedLog,
    limits: Partial<SessionLimits> = {},
  ) {
    const messages = new WatchMessages(log, () => log.incarnation());
    const feed = new EventFeed(log, subjectsUnder('metad.v1'), messages, {
      serves: () => this.leads,
      publish: (subject, payload, position) => {
        if (this.isCutOff) throw new Error('cut off');
        const body = JSON.parse(Buffer.from(payload).toString()) as Received;
        this.published.push({ subject, body, position });
      },
      onUnexpected: (error) => this.unexpected.push(error),
    });
    this.catchup = new CatchupQuery(log, log, log, messages);
    const diagnostics = { error: (about: unknown) => this.unexpected.push(about) };
    this.hub = new WatchHub(log, log, messages, diagnostics as unknown as Logger);
    this.sessions = new WatchSessions(
      {
        hub: this.hub,
        source: log,
        partitions: log,
        records: log,
        messages,
        now: () => this.now,
        onUnexpected: (error) => this.unexpected.push(error),
      },
      { ...defaultSessionLimits, ...limits },
    );
    this.hub.start();
    feed.start();
  }

  watch(from: string, filter: object = {}, namespace = 'prod', answers = true): Consumer {
    const consumer = new Consumer();
    consumer.answers = answers;
    const start = parseStart(from, this.log.incarnation());
    consumer.watcher = this.sessions.open(parseFilter(namespace, filter), start, consumer);
    return consumer;
  }

  /** A watch whose messages go to a sink of the test's own. */
  watchOn(from: string, filter: object, namespace: string, sink: WatchSink): Watcher {
    const start = parseStart(from, this.log.incarnation());
    return this.sessions.open(parseFilter(namespace, filter), start, sink);
  }

  /** Lets everything that is under way come to rest. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
}
