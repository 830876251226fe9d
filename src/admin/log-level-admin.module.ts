import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Logger } from '../app/logger.js';
import { LOGGER } from '../app/tokens.js';
import { AdminRouter } from './admin-router.js';
import { registerLogLevelVerbs } from './log-level-verbs.js';

/** How much this node says, changed while it runs. */
@Module({})
export class LogLevelAdminModule implements OnModuleInit {
  constructor(
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    registerLogLevelVerbs(this.router, this.logger);
  }
}
