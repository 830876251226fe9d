import { Module, type DynamicModule } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { CoreModule, type Surroundings } from './app/core.module.js';
import { HealthController } from './app/health/health.controller.js';
import { LifecycleModule } from './app/lifecycle.module.js';
import { CommandModule } from './command/command.module.js';
import { ConsensusModule } from './consensus/consensus.module.js';

/** The stages of the service, in the order in which a command meets them. */
@Module({})
export class AppModule {
  static forRoot(surroundings: Surroundings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CoreModule.forRoot(surroundings),
        CommandModule,
        ConsensusModule,
        AdminModule,
        LifecycleModule,
      ],
      controllers: [HealthController],
    };
  }
}
