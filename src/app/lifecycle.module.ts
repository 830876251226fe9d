import { Global, Module } from '@nestjs/common';
import type { Clock } from '@metad/foundation';
import { ConsensusModule } from '../consensus/consensus.module.js';
import { ConsensusStage } from '../consensus/consensus-stage.js';
import type { Configuration } from './configuration.js';
import { Faults } from './faults.js';
import { Lifecycle } from './lifecycle.js';
import type { Logger } from './logger.js';
import { NatsHealth } from './nats/nats-connection.js';
import { CLOCK, CONFIGURATION, LOGGER } from './tokens.js';

@Global()
@Module({
  imports: [ConsensusModule],
  providers: [
    {
      provide: Lifecycle,
      inject: [CONFIGURATION, ConsensusStage, NatsHealth, CLOCK, LOGGER, Faults],
      useFactory: (
        configuration: Configuration,
        consensus: ConsensusStage,
        health: NatsHealth,
        clock: Clock,
        logger: Logger,
        faults: Faults,
      ) => {
        const lifecycle = new Lifecycle(configuration, consensus, health, clock, logger);
        faults.onFault((error) => lifecycle.fail(error));
        return lifecycle;
      },
    },
  ],
  exports: [Lifecycle],
})
export class LifecycleModule {}
