import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { Subjects } from '@metad/contract';
import { AdminRouter } from '../admin/admin-router.js';
import type { Configuration } from '../app/configuration.js';
import { NatsRequester } from '../app/nats/nats-requester.js';
import { CONFIGURATION, SUBJECTS } from '../app/tokens.js';
import { CommandModule } from '../command/command.module.js';
import { QueryModule } from '../query/query.module.js';
import { WatchModule } from '../watch/index.js';
import { AdminGate } from './admin-gate.js';
import { ApiController } from './api.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { UnservedPathFilter } from './unserved-path.filter.js';
import { WatchStreamController } from './watch-stream.controller.js';

/** The contract over HTTP. */
@Module({
  imports: [CommandModule, QueryModule, WatchModule],
  controllers: [ApiController, WatchStreamController, OpenApiController],
  providers: [
    { provide: APP_FILTER, useClass: UnservedPathFilter },
    {
      provide: AdminGate,
      inject: [AdminRouter, NatsRequester, SUBJECTS, CONFIGURATION],
      useFactory: (
        router: AdminRouter,
        requester: NatsRequester,
        subjects: Subjects,
        { node, limits }: Configuration,
      ) => new AdminGate(router, requester, subjects, node, limits.requestBytesMax),
    },
  ],
})
export class HttpModule {}
