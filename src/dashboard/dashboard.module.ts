import { Inject, Module } from '@nestjs/common';
import type { MiddlewareConsumer, NestModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Clock } from '@metad/foundation';
import { z } from 'zod';
import { AdminRouter } from '../admin/admin-router.js';
import type { Configuration } from '../app/configuration.js';
import { Lifecycle } from '../app/lifecycle.js';
import type { Logger } from '../app/logger.js';
import { NatsHealth } from '../app/nats/nats-connection.js';
import { NodeFacts } from '../app/node-facts.js';
import { CLOCK, CONFIGURATION, EVENT_SOURCE, KINDS_REGISTRY, LOGGER, RAFT } from '../app/tokens.js';
import { CommandModule } from '../command/command.module.js';
import { RefusedCommands } from '../command/refused-commands.js';
import { PeerAdmin } from '../consensus/joining/peer-admin.js';
import type { OpenedRaft } from '../consensus/opened-raft.js';
import { PartitionDirectory } from '../consensus/partition-directory.js';
import { PartitionMachines } from '../consensus/partition-machines.js';
import type { LiveEventSource } from '../dispatch/live-event-source.js';
import type { KindRegistry } from '../kinds/index.js';
import { ProjectionModule } from '../projection/projection.module.js';
import { ProjectionService } from '../projection/projection.service.js';
import { ClusterWatch } from './cluster/cluster-watch.js';
import { nodeReportSchema } from './cluster/report-schema.js';
import { NodeReporter } from './node/node-reporter.js';
import { readPageFiles } from './serving/page-files.js';
import { pageHeaders } from './serving/page-headers.js';
import { PAGE_FILES, PageController } from './serving/page.controller.js';
import { StreamController } from './serving/stream.controller.js';
import { Viewers } from './serving/viewers.js';

/** A node that has not told in this time is shown as silent. */
const reportTimeoutMs = 800;

/** The dashboard of this node: its page, its stream, and what it asks the other nodes. */
@Module({
  imports: [CommandModule, ProjectionModule],
  controllers: [StreamController, PageController],
  providers: [
    { provide: PAGE_FILES, useFactory: readPageFiles },
    {
      provide: NodeReporter,
      inject: [
        CONFIGURATION,
        NodeFacts,
        Lifecycle,
        NatsHealth,
        RAFT,
        PartitionMachines,
        EVENT_SOURCE,
        RefusedCommands,
        KINDS_REGISTRY,
        ProjectionService,
        CLOCK,
      ],
      useFactory: (
        configuration: Configuration,
        facts: NodeFacts,
        lifecycle: Lifecycle,
        nats: NatsHealth,
        raft: OpenedRaft,
        machines: PartitionMachines,
        events: LiveEventSource,
        refused: RefusedCommands,
        kinds: KindRegistry,
        projections: ProjectionService | null,
        clock: Clock,
      ) =>
        new NodeReporter({
          ...{ configuration, facts, lifecycle, nats, raft, machines },
          ...{ events, refused, kinds, projections, clock },
        }),
    },
    {
      provide: ClusterWatch,
      inject: [
        CONFIGURATION,
        NodeReporter,
        PeerAdmin,
        PartitionDirectory,
        PartitionMachines,
        CLOCK,
      ],
      useFactory: (
        { node, cluster, members }: Configuration,
        reporter: NodeReporter,
        peers: PeerAdmin,
        directory: PartitionDirectory,
        machines: PartitionMachines,
        clock: Clock,
      ) =>
        new ClusterWatch({
          ...{ node, cluster, clock },
          members: () => machines.system.state()?.members.map((member) => member.node) ?? members,
          incarnation: () => (directory.known ? directory.cluster().incarnation : null),
          report: () => reporter.report(),
          ask: async (peer) =>
            nodeReportSchema.parse(
              await peers.ask<unknown>(peer, 'node', 'report', {}, reportTimeoutMs),
            ),
        }),
    },
    {
      provide: Viewers,
      inject: [ClusterWatch, CLOCK, LOGGER],
      useFactory: (watch: ClusterWatch, clock: Clock, logger: Logger) =>
        new Viewers(watch, clock, (error) =>
          logger.warn({ err: error }, 'the dashboard could not be brought up to date'),
        ),
    },
  ],
})
export class DashboardModule implements NestModule, OnModuleInit, OnModuleDestroy {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(NodeReporter) private readonly reporter: NodeReporter,
    @Inject(Viewers) private readonly viewers: Viewers,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(pageHeaders).forRoutes('/', 'dashboard/*path');
  }

  onModuleInit(): void {
    this.router.register({
      noun: 'node',
      verb: 'report',
      schema: z.strictObject({}),
      changes: false,
      handle: async () => this.reporter.report(),
    });
  }

  /** The streams end before the HTTP server waits for its connections. */
  onModuleDestroy(): void {
    this.viewers.close();
  }
}
