import { Global, Module } from '@nestjs/common';
import type { Subjects } from '@metad/contract';
import type { Clock } from '@metad/foundation';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Configuration } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import { Faults } from '../app/faults.js';
import { NatsRequester } from '../app/nats/nats-requester.js';
import {
  CLOCK,
  CONFIGURATION,
  CONNECTION,
  EVENT_SOURCE,
  KINDS_REGISTRY,
  LOGGER,
  RAFT,
  SUBJECTS,
  TRACING,
} from '../app/tokens.js';
import type { Tracing } from '../app/telemetry/tracing/tracing.js';
import { LiveEventSource } from '../dispatch/live-event-source.js';
import type { KindRegistry } from '../kinds/index.js';
import { ClusterBirth } from './joining/cluster-birth.js';
import { Consensus } from './consensus.js';
import { ConsensusStage } from './consensus-stage.js';
import { LeaseExpiry } from './lease-expiry.js';
import { LogClocks } from './log-clocks.js';
import { openRaft } from './open-raft.js';
import type { OpenedRaft } from './opened-raft.js';
import { PartitionDirectory } from './partition-directory.js';
import { PartitionMachines } from './partition-machines.js';
import { PeerAdmin } from './joining/peer-admin.js';
import { ReplayFeed } from './replay-feed.js';

/** Stage 2: the Raft node of this process and everything that speaks with it. */
@Global()
@Module({
  providers: [
    PartitionDirectory,
    ReplayFeed,
    {
      provide: EVENT_SOURCE,
      inject: [ReplayFeed],
      useFactory: (feed: ReplayFeed) => new LiveEventSource(feed.ports()),
    },
    {
      provide: PartitionMachines,
      inject: [KINDS_REGISTRY, EVENT_SOURCE, PartitionDirectory, TRACING],
      useFactory: (
        kinds: KindRegistry,
        events: LiveEventSource,
        directory: PartitionDirectory,
        tracing: Tracing | null,
      ) =>
        new PartitionMachines(kinds, {
          applied: (entry) => {
            tracing?.applied(entry);
            events.applied(entry);
          },
          restored: (partition, index) => events.restored(partition, index),
          clusterChanged: (state) => directory.update(state),
        }),
    },
    {
      provide: RAFT,
      inject: [
        CONFIGURATION,
        CONNECTION,
        PartitionMachines,
        ReplayFeed,
        CLOCK,
        LOGGER,
        Faults,
        PeerAdmin,
      ],
      useFactory: async (
        configuration: Configuration,
        connection: NatsConnection,
        machines: PartitionMachines,
        feed: ReplayFeed,
        clock: Clock,
        logger: Logger,
        faults: Faults,
        peers: PeerAdmin,
      ) => {
        const onFatal = (error: Error): void => faults.report(error);
        const parts = { configuration, connection, machines, clock, logger, peers, onFatal };
        const raft = await openRaft(parts);
        feed.attach(raft);
        return raft;
      },
    },
    {
      provide: Consensus,
      inject: [RAFT],
      useFactory: (raft: OpenedRaft) => new Consensus(raft.node),
    },
    {
      provide: LogClocks,
      inject: [PartitionMachines, CLOCK],
      useFactory: (machines: PartitionMachines, clock: Clock) => new LogClocks(machines, clock),
    },
    {
      provide: PeerAdmin,
      inject: [NatsRequester, SUBJECTS],
      useFactory: (requester: NatsRequester, subjects: Subjects) =>
        new PeerAdmin(requester, subjects),
    },
    {
      provide: ClusterBirth,
      inject: [CONFIGURATION, Consensus, PartitionMachines, PeerAdmin, CLOCK, LOGGER],
      useFactory: (
        configuration: Configuration,
        consensus: Consensus,
        machines: PartitionMachines,
        peers: PeerAdmin,
        clock: Clock,
        logger: Logger,
      ) =>
        new ClusterBirth(
          configuration,
          consensus,
          machines,
          (peer, node, identity) => peers.ask(peer, 'node', 'admit', { node, identity }),
          clock,
          logger,
        ),
    },
    {
      provide: LeaseExpiry,
      inject: [Consensus, PartitionMachines, PartitionDirectory, LogClocks, CLOCK, LOGGER],
      useFactory: (...parts: ConstructorParameters<typeof LeaseExpiry>) =>
        new LeaseExpiry(...parts),
    },
    {
      provide: ConsensusStage,
      inject: [
        CONFIGURATION,
        RAFT,
        Consensus,
        PartitionDirectory,
        PartitionMachines,
        ClusterBirth,
        LeaseExpiry,
        PeerAdmin,
        CLOCK,
        LOGGER,
      ],
      useFactory: (
        configuration: Configuration,
        raft: OpenedRaft,
        consensus: Consensus,
        directory: PartitionDirectory,
        machines: PartitionMachines,
        birth: ClusterBirth,
        leases: LeaseExpiry,
        peers: PeerAdmin,
        clock: Clock,
        logger: Logger,
      ) =>
        new ConsensusStage(
          configuration,
          { raft, consensus, directory, machines, birth, leases, peers },
          clock,
          logger,
        ),
    },
  ],
  exports: [
    RAFT,
    EVENT_SOURCE,
    Consensus,
    ConsensusStage,
    ClusterBirth,
    LeaseExpiry,
    LogClocks,
    PartitionDirectory,
    PartitionMachines,
    PeerAdmin,
    ReplayFeed,
  ],
})
export class ConsensusModule {}
