import { Global, Module, type DynamicModule } from '@nestjs/common';
import { subjectsUnder } from '@metad/contract';
import type { NatsConnection } from '@nats-io/transport-node';
import { KINDS } from '../kinds/index.js';
import { AdminRouter } from '../admin/admin-router.js';
import type { Configuration } from './configuration.js';
import { Faults } from './faults.js';
import { HealthChecks } from './health/health-checks.js';
import type { Logger } from './logger.js';
import { NodeFacts } from './node-facts.js';
import { NatsHealth } from './nats/nats-connection.js';
import { NatsRequester } from './nats/nats-requester.js';
import { systemClock } from './system-clock.js';
import type { Tracing } from './telemetry/tracing/tracing.js';
import {
  CLOCK,
  CONFIGURATION,
  CONNECTION,
  KINDS_REGISTRY,
  LOGGER,
  SUBJECTS,
  TRACING,
} from './tokens.js';

/** What exists before the application does: made by main, handed in whole. */
export interface Surroundings {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly connection: NatsConnection;
  readonly version: string;
  readonly tracing: Tracing | null;
}

/** What every stage may ask for. */
@Global()
@Module({})
export class CoreModule {
  static forRoot({
    configuration,
    logger,
    connection,
    version,
    tracing,
  }: Surroundings): DynamicModule {
    const inbox = `${configuration.cluster}-${configuration.node}-${process.pid}`;
    const providers = [
      { provide: CONFIGURATION, useValue: configuration },
      { provide: LOGGER, useValue: logger },
      { provide: CLOCK, useValue: systemClock },
      { provide: CONNECTION, useValue: connection },
      { provide: TRACING, useValue: tracing },
      { provide: SUBJECTS, useValue: subjectsUnder(configuration.subjectPrefix) },
      { provide: KINDS_REGISTRY, useValue: KINDS },
      { provide: NatsHealth, useValue: new NatsHealth(connection, logger) },
      {
        provide: NatsRequester,
        useFactory: () => new NatsRequester(connection, systemClock, inbox),
      },
      { provide: NodeFacts, useValue: new NodeFacts(configuration, version) },
      { provide: AdminRouter, useValue: new AdminRouter() },
      { provide: Faults, useValue: new Faults() },
      { provide: HealthChecks, useValue: new HealthChecks() },
    ];
    return {
      module: CoreModule,
      providers,
      exports: providers.map(({ provide }) => provide),
    };
  }
}
