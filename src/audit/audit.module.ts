import { join } from 'node:path';
import { Global, Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@metad/foundation';
import { PgDatabase } from '@metad/projection';
import { AdminRouter } from '../admin/admin-router.js';
import type { Configuration } from '../app/configuration.js';
import { Lifecycle } from '../app/lifecycle.js';
import type { Logger } from '../app/logger.js';
import { Metrics } from '../app/telemetry/metrics.js';
import { CLOCK, CONFIGURATION, LOGGER } from '../app/tokens.js';
import { CommandModule } from '../command/command.module.js';
import { CommandService } from '../command/command.service.js';
import { AuditLog } from './audit-log.js';
import { auditReadings } from './audit-readings.js';
import type { AuditStore } from './audit-store.js';
import { registerAuditVerbs } from './audit-verbs.js';
import { FileAuditStore } from './file-audit-store.js';
import { ofAct, ofRejection } from './audited.js';
import { SqlAuditStore } from './sql-audit-store.js';

const statementTimeoutMs = 10_000;
const fileBytesMax = 8 * 1024 * 1024;
const filesMax = 4;

/** Every administrative act and every refused command, in a table or a file of bounded size. */
@Global()
@Module({
  imports: [CommandModule],
  providers: [
    {
      provide: AuditLog,
      inject: [CONFIGURATION, CLOCK, LOGGER],
      useFactory: (configuration: Configuration, clock: Clock, logger: Logger) =>
        new AuditLog(storeOf(configuration), {
          clock,
          onTrouble: (reason, error) => logger.warn({ stage: 'audit', err: error }, reason),
        }),
    },
  ],
  exports: [AuditLog],
})
export class AuditModule implements OnModuleInit {
  constructor(
    @Inject(AuditLog) private readonly audit: AuditLog,
    @Inject(AdminRouter) private readonly router: AdminRouter,
    @Inject(CommandService) private readonly commands: CommandService,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { audit, router } = this;
    router.onAct((act) => audit.record(ofAct(act)));
    this.commands.onRejected((rejection) => {
      // From 500 on an error says that it cannot be done now, not that it was refused.
      if (rejection.error.status < 500) audit.record(ofRejection(rejection));
    });
    registerAuditVerbs(router, audit);
    this.metrics.expose(auditReadings(audit));
    // The first to start is the last to stop: it hears of everything in between.
    const start = async (): Promise<void> => undefined;
    this.lifecycle.add({ name: 'audit', start, stop: () => audit.stop() });
  }
}

function storeOf({ database, dataDir, auditRowsMax }: Configuration): AuditStore {
  if (database === null) {
    return new FileAuditStore(join(dataDir, 'audit', 'audit.jsonl'), fileBytesMax, filesMax);
  }
  const connection = { connectionsMax: 1, statementTimeoutMs, applicationName: 'metad audit' };
  return new SqlAuditStore(new PgDatabase({ ...database, ...connection }), auditRowsMax);
}
