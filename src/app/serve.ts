import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { subjectsUnder } from '@metad/contract';
import { DirectoryError, LockedError, UnknownLogFormat } from '@metad/raft';
import { AppModule } from '../app.module.js';
import { AuditLog } from '../audit/audit-log.js';
import { ofAccess } from '../audit/audited.js';
import { CommandHandler, LeaderCommandHandler } from '../command/command-handlers.js';
import { CommandService } from '../command/command.service.js';
import type { Configuration } from './configuration.js';
import { LimitedAdapter } from '../http/http-server.js';
import { listenFault } from '../http/listen-fault.js';
import { openFrontDoor } from '../http/open-front-door.js';
import { Lifecycle } from './lifecycle.js';
import { NodeFacts } from './node-facts.js';
import { NestLogger, type Logger } from './logger.js';
import { connectNats } from './nats/nats-connection.js';
import { NatsServerStrategy } from './nats/nats-server.strategy.js';
import { Metrics } from './telemetry/metrics.js';
import { requestReadings } from './telemetry/node-readings.js';
import { openTracing } from './telemetry/tracing/open-tracing.js';
import { ServiceDiscovery } from './nats/service-discovery.js';

/** Runs one node until it is told to stop. Resolves with the exit code. */
export async function serve(
  configuration: Configuration,
  logger: Logger,
  version: string,
): Promise<number> {
  const { node, cluster, nats, http } = configuration;
  logger.info({ version, pid: process.pid }, 'starting');
  const connection = await connectNats(nats, `${cluster}/${node}`, logger);
  const subjects = subjectsUnder(configuration.subjectPrefix);
  const tracing =
    configuration.tracing && (await openTracing(configuration.tracing, { node, cluster, version }));
  const { inboxPrefix } = nats;
  const parts = [connection, subjects, node, logger, tracing, inboxPrefix] as const;
  const strategy = new NatsServerStrategy(...parts);
  const module = AppModule.forRoot({ configuration, logger, connection, version, tracing });
  const options = { logger: new NestLogger(logger), abortOnError: false, bodyParser: false };
  const app = await NestFactory.create<NestExpressApplication>(
    module,
    new LimitedAdapter(http.tls),
    options,
  ).catch((fault) => explain(fault, logger));
  if (app === null) {
    await connection.close();
    return 1;
  }
  const commands = app.get(CommandService);
  strategy.serveDirectly('command', new CommandHandler(commands));
  strategy.serveDirectly('leader.command', new LeaderCommandHandler(commands));
  app.connectMicroservice({ strategy });
  app.disable('x-powered-by');
  const audit = app.get(AuditLog);
  const frontDoor = openFrontDoor(app, http, logger, (refused) => audit.record(ofAccess(refused)));
  await app.startAllMicroservices();
  const unheard = await app.listen(http.port, http.host).then(
    () => null,
    (fault: unknown) => listenFault(fault, http),
  );
  if (unheard !== null) {
    logger.fatal(unheard.about, unheard.message);
    frontDoor.close();
    await app.close();
    await connection.close();
    return 1;
  }
  const scheme = http.tls === null ? 'http' : 'https';
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1').replace(/^https?/, scheme);
  const facts = app.get(NodeFacts);
  facts.http = url;
  app.get(Metrics).expose(requestReadings(strategy.statistics, () => strategy.unanswerable));
  const { statistics } = strategy;
  const discovery = new ServiceDiscovery(connection, subjects, facts, statistics, inboxPrefix);
  discovery.start();
  const code = await app.get(Lifecycle).untilStopped(strategy, url);
  discovery.stop();
  frontDoor.close();
  await app.close();
  await tracing?.shutdown().catch((error: unknown) => {
    logger.warn({ err: error }, 'the last spans could not be sent');
  });
  await connection.close();
  return code;
}

/** A data directory that cannot be used is told in one line; anything else is a fault of ours. */
function explain(fault: unknown, logger: Logger): null {
  if (fault instanceof DirectoryError) {
    logger.fatal({ code: fault.code }, fault.message);
    return null;
  }
  if (fault instanceof LockedError || fault instanceof UnknownLogFormat) {
    logger.fatal(fault.message);
    return null;
  }
  throw fault;
}
