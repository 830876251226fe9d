import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Subjects } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Configuration } from '../app/configuration.js';
import { Lifecycle } from '../app/lifecycle.js';
import type { Logger } from '../app/logger.js';
import {
  CLOCK,
  CONFIGURATION,
  CONNECTION,
  EVENT_SOURCE,
  KINDS_REGISTRY,
  LOGGER,
  SUBJECTS,
} from '../app/tokens.js';
import { Consensus } from '../consensus/consensus.js';
import { PartitionDirectory } from '../consensus/partition-directory.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import type { EventSource } from '../dispatch/event-source.js';
import type { KindRegistry } from '../kinds/index.js';
import { Metrics } from '../app/telemetry/metrics.js';
import { watchReadings } from '../app/telemetry/state-readings.js';
import { QueryEntry } from '../query/query-entry.js';
import { QueryModule } from '../query/query.module.js';
import { CatchupQuery } from './catchup-query.js';
import { EventFeed } from './channel/event-feed.js';
import { publisherWithPosition } from './channel/position-header.js';
import { WatchHub } from './channel/watch-hub.js';
import { InboxDelivery } from './inbox-delivery.js';
import { LocalRecords } from './local-records.js';
import { WatchSessions } from './session/watch-sessions.js';
import { WatchController } from './watch.controller.js';
import { WatchMessages } from './watch-message.js';
import { WatchService } from './watch.service.js';

/** The feed to plain subscribers, over the node's own connection: a stage of its own. */
function newFeed(
  connection: NatsConnection,
  source: EventSource,
  subjects: Subjects,
  messages: WatchMessages,
  consensus: Consensus,
  logger: Logger,
  lifecycle: Lifecycle,
): EventFeed {
  const feed = new EventFeed(source, subjects, messages, {
    serves: (partition) => consensus.serves(partition),
    publish: publisherWithPosition(connection),
    onUnexpected: (error) => logger.error({ err: error }, 'an event could not be published'),
  });
  lifecycle.add({
    name: 'event feed',
    start: async () => feed.start(),
    stop: async () => feed.stop(),
  });
  return feed;
}

/** Stage 7: watches and the event feed. */
@Module({
  imports: [QueryModule],
  controllers: [WatchController],
  providers: [
    {
      provide: CatchupQuery,
      inject: [EVENT_SOURCE, LocalRecords, WatchMessages],
      useFactory: (source: EventSource, records: LocalRecords, messages: WatchMessages) =>
        new CatchupQuery(source, records, records, messages),
    },
    {
      provide: LocalRecords,
      inject: [PartitionMachines, PartitionDirectory, KINDS_REGISTRY],
      useFactory: (
        machines: PartitionMachines,
        directory: PartitionDirectory,
        kinds: KindRegistry,
      ) => new LocalRecords(machines, directory, kinds),
    },
    {
      provide: WatchMessages,
      inject: [LocalRecords],
      useFactory: (records: LocalRecords) =>
        new WatchMessages(records, () => records.incarnation()),
    },
    {
      provide: EventFeed,
      inject: [CONNECTION, EVENT_SOURCE, SUBJECTS, WatchMessages, Consensus, LOGGER, Lifecycle],
      useFactory: newFeed,
    },
    {
      provide: WatchHub,
      inject: [EVENT_SOURCE, LocalRecords, WatchMessages, LOGGER],
      useFactory: (...parts: ConstructorParameters<typeof WatchHub>) => new WatchHub(...parts),
    },
    {
      provide: WatchSessions,
      inject: [WatchHub, EVENT_SOURCE, LocalRecords, WatchMessages, CLOCK, LOGGER],
      useFactory: (
        hub: WatchHub,
        source: EventSource,
        records: LocalRecords,
        messages: WatchMessages,
        clock: Clock,
        logger: Logger,
      ) =>
        new WatchSessions({
          ...{ hub, source, messages, records, partitions: records },
          now: () => clock.monotonic(),
          onUnexpected: (error) => logger.error({ err: error }, 'a watch failed unexpectedly'),
        }),
    },
    {
      provide: InboxDelivery,
      inject: [CONNECTION, SUBJECTS, WatchSessions],
      useFactory: (connection: NatsConnection, subjects: Subjects, sessions: WatchSessions) =>
        new InboxDelivery(connection, subjects, (watcher, reason) => {
          if (reason === 'gone') sessions.close(watcher);
          else sessions.reset(watcher, 'CONNECTION_LOST');
        }),
    },
    {
      provide: WatchService,
      inject: [WatchSessions, InboxDelivery, LocalRecords, CLOCK, CONFIGURATION],
      useFactory: (
        sessions: WatchSessions,
        inboxes: InboxDelivery,
        records: LocalRecords,
        clock: Clock,
        { node, limits, nats }: Configuration,
      ) => {
        const { inboxPrefix } = nats;
        const options = { node, requestBytesMax: limits.requestBytesMax, inboxPrefix };
        return new WatchService(sessions, inboxes, records, clock, options);
      },
    },
  ],
  exports: [WatchService],
})
export class WatchModule implements OnModuleInit {
  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(WatchHub) private readonly hub: WatchHub,
    @Inject(WatchService) private readonly watches: WatchService,
    @Inject(CatchupQuery) private readonly catchup: CatchupQuery,
    @Inject(QueryEntry) private readonly queries: QueryEntry,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    this.queries.register('Catchup', (namespace, request) =>
      this.catchup.execute(namespace, request),
    );
    const { watches } = this;
    this.metrics.expose(watchReadings(() => watches.statistics.open, watches.statistics.resets));
    this.lifecycle.add({
      name: 'watch',
      start: async () => {
        this.hub.start();
        this.watches.start();
      },
      stop: async () => {
        this.watches.stop();
        this.hub.stop();
      },
    });
  }
}
