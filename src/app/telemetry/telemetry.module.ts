import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import { ConsensusModule } from '../../consensus/consensus.module.js';
import type { OpenedRaft } from '../../consensus/opened-raft.js';
import { PartitionMachines } from '../../consensus/partition-machines.js';
import { ProjectionModule } from '../../projection/projection.module.js';
import { ProjectionService } from '../../projection/projection.service.js';
import type { Configuration } from '../configuration.js';
import { CONFIGURATION, RAFT } from '../tokens.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { projectionReadings, stateReadings } from './state-readings.js';
import { raftReadings } from './raft-readings.js';

/** What a node tells about itself in numbers. */
@Global()
@Module({
  imports: [ConsensusModule, ProjectionModule],
  controllers: [MetricsController],
  providers: [
    {
      provide: Metrics,
      inject: [CONFIGURATION],
      useFactory: ({ node, cluster }: Configuration) => new Metrics({ node, cluster }),
    },
  ],
  exports: [Metrics],
})
export class TelemetryModule implements OnModuleInit {
  constructor(
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(RAFT) private readonly raft: OpenedRaft,
    @Inject(PartitionMachines) private readonly machines: PartitionMachines,
    @Inject(ProjectionService) private readonly projections: ProjectionService | null,
  ) {}

  onModuleInit(): void {
    this.metrics.expose(raftReadings(this.raft));
    this.metrics.expose(stateReadings(this.machines));
    this.metrics.expose(projectionReadings(() => this.projections?.list() ?? []));
  }
}
