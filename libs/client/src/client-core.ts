import { randomBytes } from 'node:crypto';
import { subjectsUnder, type Subjects } from '@metad/contract';
import type { Clock, Random } from '@metad/foundation';
import { loadHasher } from '@metad/partition';
import { Caller } from './call/caller.js';
import type { ClientStatistics } from './call/call-statistics.js';
import type { ClientOptions } from './client-options.js';
import { PartitionRoutes } from './routing/partition-routes.js';
import { ConnectionFollower } from './wire/connection-follower.js';
import { NatsRequester } from './wire/requester.js';
import { systemClock } from './wire/system-clock.js';
import type { WireConnection } from './wire/wire-connection.js';

const attemptTimeoutMsDefault = 2_500;
const backoffDefault = { baseMs: 20, capMs: 1_000 };

const systemRandom: Random = {
  fraction: () => Math.random(),
  below: (bound) => Math.floor(Math.random() * bound),
};

/** What all clients over one connection share, whatever their namespace or session. */
export class ClientCore {
  readonly clock: Clock;
  readonly random: Random;
  readonly subjects: Subjects;
  readonly requester: NatsRequester;
  readonly routes: PartitionRoutes;
  readonly follower: ConnectionFollower;
  readonly caller: Caller;
  readonly inboxPrefix: string;
  private readonly restoredListeners = new Set<() => void>();
  private readonly closers = new Set<() => void>();
  private disconnects = 0;

  private constructor(
    readonly connection: WireConnection,
    readonly options: ClientOptions,
  ) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.subjects = subjectsUnder(options.subjectPrefix ?? 'metad.v1');
    this.inboxPrefix = options.inboxPrefix ?? '_INBOX';
    this.requester = new NatsRequester(connection, this.clock, this.newInboxToken(), {
      inboxPrefix: this.inboxPrefix,
      ...(options.pendingMax !== undefined && { pendingMax: options.pendingMax }),
    });
    this.routes = new PartitionRoutes(this.requester, this.subjects, this.clock);
    this.follower = new ConnectionFollower(connection, this.clock, {
      lost: () => {
        this.disconnects += 1;
        this.requester.interrupt();
      },
      restored: () => {
        this.routes.reconsider();
        for (const listener of this.restoredListeners) listener();
      },
      refused: (subject) => this.requester.refuse(subject),
    });
    this.caller = this.newCaller(options);
  }

  /** Loads the hash function that routing needs, and begins to follow the connection. */
  static async start(connection: WireConnection, options: ClientOptions): Promise<ClientCore> {
    await loadHasher();
    const core = new ClientCore(connection, options);
    void core.follower.follow(); // Ends with the connection.
    return core;
  }

  /** A subject token that nobody else on the broker will guess or use. */
  newInboxToken(): string {
    return `metad${randomBytes(12).toString('hex')}`;
  }

  /** Calls `closing` when the client is closed; returns how to forget about it. */
  onClose(closing: () => void): () => void {
    this.closers.add(closing);
    return () => void this.closers.delete(closing);
  }

  /** Calls `listener` after every reconnect; returns how to stop that. */
  onRestored(listener: () => void): () => void {
    this.restoredListeners.add(listener);
    return () => void this.restoredListeners.delete(listener);
  }

  /** Ends what is under way; the connection is its owner's to close. */
  close(): void {
    for (const closing of this.closers) closing();
    this.follower.stop();
    this.requester.close();
  }

  statistics(): ClientStatistics {
    const { calls, failed, retries, timeouts, noResponders } = this.caller;
    const { disconnects } = this;
    const counted = { calls, failed, retries, timeouts, noResponders, disconnects };
    const pending = this.requester.size + this.follower.waiting;
    return { ...counted, mapRefreshes: this.routes.refreshes, pending };
  }

  private newCaller(options: ClientOptions): Caller {
    const { requester, follower, routes, subjects, clock, random } = this;
    return new Caller(
      { requester, connection: follower, routes, subjects, clock, random },
      {
        attemptTimeoutMs: options.attemptTimeoutMs ?? attemptTimeoutMsDefault,
        backoff: options.backoff ?? backoffDefault,
        onCall: options.onCall ?? null,
        onRetry: options.onRetry ?? null,
      },
    );
  }
}
