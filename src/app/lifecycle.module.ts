import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@metad/foundation';
import { AdminRouter } from '../admin/admin-router.js';
import { registerDrainVerbs } from '../admin/node-verbs.js';
import { ConsensusModule } from '../consensus/consensus.module.js';
import { ConsensusStage } from '../consensus/consensus-stage.js';
import type { Configuration } from './configuration.js';
import { Faults } from './faults.js';
import { Lifecycle } from './lifecycle.js';
import type { Logger } from './logger.js';
import { NatsHealth } from './nats/nats-connection.js';
import { NodeFacts } from './node-facts.js';
import { CLOCK, CONFIGURATION, LOGGER } from './tokens.js';

@Global()
@Module({
  imports: [ConsensusModule],
  providers: [
    {
      provide: Lifecycle,
      inject: [CONFIGURATION, ConsensusStage, NatsHealth, CLOCK, LOGGER, NodeFacts, Faults],
      useFactory: (
        configuration: Configuration,
        consensus: ConsensusStage,
        health: NatsHealth,
        clock: Clock,
        logger: Logger,
        facts: NodeFacts,
        faults: Faults,
      ) => {
        const lifecycle = new Lifecycle(configuration, consensus, health, clock, logger, facts);
        faults.onFault((error) => lifecycle.fail(error));
        return lifecycle;
      },
    },
  ],
  exports: [Lifecycle],
})
export class LifecycleModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
  ) {}

  onModuleInit(): void {
    registerDrainVerbs(this.router, this.lifecycle);
  }
}
