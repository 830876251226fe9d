import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { AuditModule } from './audit/audit.module.js';
import { CoreModule, type Surroundings } from './app/core.module.js';
import { HealthModule } from './app/health/health.module.js';
import { TelemetryModule } from './app/telemetry/telemetry.module.js';
import { Lifecycle } from './app/lifecycle.js';
import { LifecycleModule } from './app/lifecycle.module.js';
import { CommandModule } from './command/command.module.js';
import { ConsensusModule } from './consensus/consensus.module.js';
import { DashboardModule } from './dashboard/dashboard.module.js';
import { ProjectionModule } from './projection/projection.module.js';
import { ProjectionService } from './projection/projection.service.js';
import { HttpModule } from './http/http.module.js';
import { QueryModule } from './query/query.module.js';
import { WatchModule } from './watch/index.js';

/** The stages of the service, in the order in which a command meets them. */
@Module({})
export class AppModule implements OnModuleInit {
  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(ProjectionService) private readonly projections: ProjectionService | null,
  ) {}

  /** What starts after consensus and stops before it, in this order. */
  onModuleInit(): void {
    const { projections } = this;
    if (projections !== null) {
      const start = async (): Promise<void> => projections.start();
      const flush = (timeoutMs: number): Promise<void> => projections.flush(timeoutMs);
      this.lifecycle.add({ name: 'projection', start, flush, stop: () => projections.stop() });
    }
  }

  static forRoot(surroundings: Surroundings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot(surroundings),
        CommandModule,
        ConsensusModule,
        ProjectionModule,
        QueryModule,
        WatchModule,
        DashboardModule,
        HttpModule,
        AuditModule,
        AdminModule,
        LifecycleModule,
        TelemetryModule,
        HealthModule,
      ],
    };
  }
}
