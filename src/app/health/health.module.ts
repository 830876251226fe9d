import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { Consensus } from '../../consensus/consensus.js';
import { PartitionDirectory } from '../../consensus/partition-directory.js';
import { ProjectionModule } from '../../projection/projection.module.js';
import { ProjectionService } from '../../projection/projection.service.js';
import { Lifecycle } from '../lifecycle.js';
import { NatsHealth } from '../nats/nats-connection.js';
import { HealthChecks } from './health-checks.js';
import { HealthController } from './health.controller.js';
import { registerChecks } from './register-checks.js';

@Module({ imports: [ProjectionModule], controllers: [HealthController] })
export class HealthModule implements OnModuleInit {
  constructor(
    @Inject(HealthChecks) private readonly checks: HealthChecks,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(NatsHealth) private readonly nats: NatsHealth,
    @Inject(Consensus) private readonly consensus: Consensus,
    @Inject(PartitionDirectory) private readonly directory: PartitionDirectory,
    @Inject(ProjectionService) private readonly projections: ProjectionService | null,
  ) {}

  onModuleInit(): void {
    const { lifecycle, nats, consensus, directory, projections } = this;
    registerChecks(this.checks, { lifecycle, nats, consensus, directory, projections });
  }
}
