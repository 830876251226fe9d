import { Module } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService } from '@nestjs/core';
import { CqrsModule, EventBus } from '@nestjs/cqrs';
import type { Clock } from '@metad/foundation';
import { ProjectionRegistry } from '@metad/projection';
import type { Configuration } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import { CLOCK, CONFIGURATION, EVENT_SOURCE, LOGGER, TRACING } from '../app/tokens.js';
import type { Tracing } from '../app/telemetry/tracing/tracing.js';
import { Consensus } from '../consensus/consensus.js';
import { PeerAdmin } from '../consensus/joining/peer-admin.js';
import { PartitionDirectory } from '../consensus/partition-directory.js';
import type { LiveEventSource } from '../dispatch/live-event-source.js';
import { KIND_PROJECTIONS } from '../kinds/read-side.js';
import { HistoryProjection } from './history/history.projection.js';
import { localPorts } from './local-ports.js';
import { defaultProjectionSettings } from './projection-ports.js';
import { ProjectionService } from './projection.service.js';

/** Stage 5: the committed log as tables. Provides null where the node runs without a database. */
@Module({
  imports: [DiscoveryModule, CqrsModule.forRoot()],
  providers: [
    ...KIND_PROJECTIONS,
    HistoryProjection,
    {
      provide: ProjectionRegistry,
      inject: [DiscoveryService],
      useFactory: (discovery: DiscoveryService) => new ProjectionRegistry(discovery),
    },
    {
      provide: ProjectionService,
      inject: [
        ProjectionRegistry,
        CONFIGURATION,
        EVENT_SOURCE,
        Consensus,
        PartitionDirectory,
        CLOCK,
        LOGGER,
        EventBus,
        PeerAdmin,
        TRACING,
      ],
      useFactory: (
        registry: ProjectionRegistry,
        { database }: Configuration,
        source: LiveEventSource,
        consensus: Consensus,
        directory: PartitionDirectory,
        clock: Clock,
        logger: Logger,
        eventBus: EventBus,
        peerAdmin: PeerAdmin,
        tracing: Tracing | null,
      ) => {
        if (database === null) return null;
        const parts = { source, consensus, directory, clock, logger, eventBus, peerAdmin, tracing };
        const ports = localPorts(parts);
        const settings = { ...defaultProjectionSettings, ...database };
        return new ProjectionService(() => registry.definitions(), ports, settings);
      },
    },
  ],
  exports: [ProjectionService],
})
export class ProjectionModule {}
