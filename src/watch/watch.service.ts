import { MetadError, NAME_TOKEN } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import type { Outbound } from '../app/nats/inbound.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import { asMetadError } from '../command/command-exchange.js';
import { invalidArgument, parseRequestBody } from '../command/request-body.js';
import type { InboxDelivery } from './inbox-delivery.js';
import { parseFilter } from './watch-filter.js';
import type { WatchedPartitions, WatchSink } from './watch-ports.js';
import { parseClose, parseOpen, parseStart } from './watch-request.js';
import type { WatchSessions } from './session/watch-sessions.js';
import type { Watcher } from './session/watcher.js';

const sweepMs = 1_000;

export interface WatchServiceOptions {
  readonly node: string;
  readonly requestBytesMax: number;
  /** Where inboxes lie besides `_INBOX.…`; default nowhere. */
  readonly inboxPrefix?: string | null;
}

/** What opens, answers and ends watches, whether they came over NATS or HTTP. */
export class WatchService {
  private cancelSweep: (() => void) | null = null;

  constructor(
    private readonly sessions: WatchSessions,
    private readonly inboxes: InboxDelivery,
    private readonly partitions: WatchedPartitions,
    private readonly clock: Clock,
    private readonly options: WatchServiceOptions,
  ) {}

  /** Open watches, and how many were ended by reason; for metrics. */
  get statistics(): { readonly open: number; readonly resets: ReadonlyMap<string, number> } {
    return { open: this.sessions.size, resets: this.sessions.resets };
  }

  start(): void {
    this.inboxes.start();
    this.sweepLater();
  }

  /** Tells every watcher where to go on; called while the broker connection still stands. */
  stop(): void {
    this.cancelSweep?.();
    this.sessions.stop();
    this.inboxes.stop();
  }

  /** A request on `watch.<namespace>`. Never throws. */
  execute(namespace: string, data: Uint8Array): Outbound {
    let packetId: string | null = null;
    try {
      const body = parseRequestBody(data, this.options.requestBytesMax);
      packetId = body.packetId;
      mustBeName(namespace);
      const closed = parseClose(body.value);
      if (closed !== null) {
        this.inboxes.close(namespace, closed);
        return encodeReply({ closed }, packetId);
      }
      return encodeReply(this.openInbox(namespace, body.value), packetId);
    } catch (error) {
      return encodeError(asMetadError(error), packetId);
    }
  }

  /** A watch whose messages go to a sink of the caller's. Throws MetadError. */
  open(namespace: string, filter: unknown, from: string, sink: WatchSink): Watcher {
    mustBeName(namespace);
    const start = parseStart(from, this.partitions.incarnation());
    return this.sessions.open(parseFilter(namespace, filter), start, sink);
  }

  /** Where a watch stands; null while its snapshot is being sent. */
  positionOf(watcher: Watcher): string | null {
    return this.sessions.positionOf(watcher);
  }

  close(watcher: Watcher): void {
    this.sessions.close(watcher);
  }

  private openInbox(namespace: string, value: Readonly<Record<string, unknown>>): object {
    const incarnation = this.partitions.incarnation();
    const request = parseOpen(namespace, value, incarnation, this.options.inboxPrefix ?? null);
    if (this.partitions.partitions().length === 0) throw starting();
    const { watchId, inbox, filter, from } = request;
    const watcher = this.inboxes.open(namespace, watchId, inbox, (sink) =>
      this.sessions.open(filter, from, sink),
    );
    // Where it begins in every partition: without it, a consumer that loses this node before its
    // first message could only begin anew, with a hole. A snapshot tells at its end.
    const position = this.sessions.positionOf(watcher);
    return { watchId, node: this.options.node, ...(position !== null && { position }) };
  }

  private sweepLater(): void {
    this.cancelSweep = this.clock.after(sweepMs, () => {
      this.sessions.sweep();
      this.sweepLater();
    });
  }
}

function mustBeName(namespace: string): void {
  if (NAME_TOKEN.test(namespace)) return;
  const reason = 'must be 1 to 64 of A-Z a-z 0-9 _ -';
  throw invalidArgument([{ field: 'namespace', reason }]);
}

const starting = (): MetadError =>
  new MetadError('NO_LEADER', 'this node holds no partition yet; retry', { retryAfterMs: 250 });
