import type { NestExpressApplication } from '@nestjs/platform-express';
import { AdminRouter } from '../admin/admin-router.js';
import { isLoopback, type HttpSettings } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import { Metrics, type Reading } from '../app/telemetry/metrics.js';
import { FrontDoor, type RefusedAccess } from './access/front-door.js';
import { TokenBook } from './access/token-book.js';
import type { LimitedAdapter } from './http-server.js';

export interface OpenFrontDoor {
  close(): void;
}

/** Puts the door in front of everything that `app` serves; call it before `listen`. */
export function openFrontDoor(
  app: NestExpressApplication,
  settings: HttpSettings,
  logger: Logger,
  onRefused: (refused: RefusedAccess) => void,
): OpenFrontDoor {
  const { host, hosts, tokensFile, tls } = settings;
  const tokens = tokensFile === null ? null : openTokens(tokensFile, logger);
  const router = app.get(AdminRouter);
  const door = new FrontDoor({
    tokens,
    loopbackNames: isLoopback(host) ? hosts : null,
    isTls: tls !== null,
    onlyReads: (noun, verb) => router.onlyReads(noun, verb),
    onRefused: (refused) => {
      logger.warn(refused, 'access refused');
      onRefused(refused);
    },
  });
  app.use(door.handle);
  app.get(Metrics).expose(refusalReadings(door.refused));
  if (tokens !== null && tls === null && !isLoopback(host)) {
    logger.warn(
      { host },
      'tokens cross the network unencrypted: give METAD_HTTP_TLS_CERT and _KEY',
    );
  }
  const reload = (): void => {
    tokens?.reload();
    reloadTls(app.getHttpAdapter() as unknown as LimitedAdapter, logger);
  };
  if (tokens !== null || tls !== null) process.on('SIGHUP', reload);
  return {
    close: () => {
      process.off('SIGHUP', reload);
      tokens?.close();
    },
  };
}

function openTokens(file: string, logger: Logger): TokenBook {
  const tokens = new TokenBook(file, {
    onReload: (count) => logger.info({ file, count }, 'tokens read again'),
    onTrouble: (reason) => logger.error({ reason }, 'tokens stay as they were'),
  });
  tokens.watch();
  return tokens;
}

function reloadTls(adapter: LimitedAdapter, logger: Logger): void {
  try {
    adapter.reloadTls();
  } catch (error) {
    logger.error({ err: error }, 'the certificate of HTTP stays as it was');
  }
}

/** For metrics. */
export const refusalReadings = (refused: ReadonlyMap<string, number>): Reading[] => [
  {
    kind: 'counter',
    name: 'metad_http_refused_total',
    help: 'HTTP requests refused before they reached a controller, by error code.',
    labels: ['code'],
    read: () => [...refused].map(([code, count]) => [{ code }, count]),
  },
];
