import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ConsensusModule } from '../../consensus/consensus.module.js';
import type { OpenedRaft } from '../../consensus/opened-raft.js';
import { LeaseExpiry } from '../../consensus/lease-expiry.js';
import { PartitionMachines } from '../../consensus/partition-machines.js';
import { ProjectionModule } from '../../projection/projection.module.js';
import { ProjectionService } from '../../projection/projection.service.js';
import type { Configuration } from '../configuration.js';
import { NatsHealth } from '../nats/nats-connection.js';
import { NodeFacts } from '../node-facts.js';
import { CONFIGURATION, RAFT } from '../tokens.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { leaseReadings, projectionReadings, stateReadings } from './state-readings.js';
import { nodeReadings } from './node-readings.js';
import { raftReadings } from './raft-readings.js';

/** What a node tells about itself in numbers. */
@Global()
@Module({
  imports: [ConsensusModule, ProjectionModule],
  controllers: [MetricsController],
  providers: [
    {
      provide: Metrics,
      inject: [CONFIGURATION, NodeFacts, NatsHealth],
      useFactory: (configuration: Configuration, facts: NodeFacts, nats: NatsHealth) => {
        const { node, cluster, dataDir } = configuration;
        const metrics = new Metrics({ node, cluster });
        metrics.expose(nodeReadings(facts, dataDir, () => nats.connected));
        return metrics;
      },
    },
  ],
  exports: [Metrics],
})
export class TelemetryModule implements OnModuleInit {
  constructor(
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(RAFT) private readonly raft: OpenedRaft,
    @Inject(PartitionMachines) private readonly machines: PartitionMachines,
    @Inject(LeaseExpiry) private readonly leases: LeaseExpiry,
    @Inject(ProjectionService) private readonly projections: ProjectionService | null,
  ) {}

  onModuleInit(): void {
    this.metrics.expose(raftReadings(this.raft));
    this.metrics.expose(stateReadings(this.machines));
    this.metrics.expose(leaseReadings(() => this.leases.expired));
    this.metrics.expose(projectionReadings(() => this.projections?.list() ?? []));
  }
}
