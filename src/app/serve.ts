import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { subjectsUnder } from '@metad/contract';
import { AppModule } from '../app.module.js';
import type { Configuration } from './configuration.js';
import { Lifecycle } from './lifecycle.js';
import { NodeFacts } from './node-facts.js';
import { NestLogger, type Logger } from './logger.js';
import { connectNats } from './nats/nats-connection.js';
import { NatsServerStrategy } from './nats/nats-server.strategy.js';
import { ServiceDiscovery } from './nats/service-discovery.js';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Runs one node until it is told to stop. Resolves with the exit code. */
export async function serve(
  configuration: Configuration,
  logger: Logger,
  version: string,
): Promise<number> {
  const { node, cluster, nats, http } = configuration;
  logger.info({ version, pid: process.pid }, 'starting');
  if (!LOOPBACK.has(http.host)) {
    logger.warn({ host: http.host }, 'HTTP has no authentication: whoever reaches it may do all');
  }
  const connection = await connectNats(nats, `${cluster}/${node}`);
  const subjects = subjectsUnder(configuration.subjectPrefix);
  const strategy = new NatsServerStrategy(connection, subjects, node, logger);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot({ configuration, logger, connection, version }),
    { logger: new NestLogger(logger), abortOnError: false, bodyParser: false },
  );
  app.connectMicroservice({ strategy });
  app.disable('x-powered-by');
  await app.startAllMicroservices();
  await app.listen(http.port, http.host);
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  const facts = app.get(NodeFacts);
  facts.http = url;
  const discovery = new ServiceDiscovery(connection, subjects, facts, strategy.statistics);
  discovery.start();
  const code = await app.get(Lifecycle).untilStopped(strategy, url);
  discovery.stop();
  await app.close();
  await connection.close();
  return code;
}
