import { readFileSync } from 'node:fs';
import { createServer as createPlain, type Server, type ServerOptions } from 'node:http';
import { createServer as createTls, type ServerOptions as TlsOptions } from 'node:https';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { HttpSettings } from '../app/configuration.js';

export interface HttpLimits {
  /** For the head of a request to arrive, ms. */
  readonly headersTimeoutMs: number;
  /** For all of a request to arrive, ms; answers may take as long as they like. */
  readonly requestTimeoutMs: number;
  /** How often those two are looked at. */
  readonly checkEveryMs: number;
  readonly keepAliveMs: number;
  /** What comes beyond is closed at once. */
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  readonly headersMax: number;
}

export const HTTP_LIMITS: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkEveryMs: 1_000,
  keepAliveMs: 65_000,
  connectionsMax: 1_024,
  headerBytesMax: 16 * 1024,
  headersMax: 100,
};

type Tls = NonNullable<HttpSettings['tls']>;

/** Express on a server with limits: a caller that sends slowly, or opens much, is cut off. */
export class LimitedAdapter extends ExpressAdapter {
  constructor(
    private readonly tls: HttpSettings['tls'],
    private readonly limits: HttpLimits = HTTP_LIMITS,
  ) {
    super();
  }

  override initHttpServer(): void {
    const { limits, tls } = this;
    const options: ServerOptions = {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.headerBytesMax,
    };
    const listener = this.getInstance<Parameters<typeof createPlain>[1]>();
    const server: Server =
      tls === null
        ? createPlain(options, listener)
        : createTls({ ...options, ...tlsOptions(tls) }, listener);
    server.maxConnections = limits.connectionsMax;
    server.maxHeadersCount = limits.headersMax;
    this.setHttpServer(server);
  }

  /** Certificates are renewed while the node runs: new connections get what the files hold now. */
  reloadTls(): void {
    const server = this.getHttpServer() as { setSecureContext?(options: TlsOptions): void };
    if (this.tls !== null) server.setSecureContext?.(tlsOptions(this.tls));
  }
}

function tlsOptions({ cert, key, ca }: Tls): TlsOptions {
  return {
    cert: readFileSync(cert),
    key: readFileSync(key),
    minVersion: 'TLSv1.2',
    ...(ca !== null && { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }),
  };
}
