import { readFileSync } from 'node:fs';
import {
  connect,
  credsAuthenticator,
  nkeyAuthenticator,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import type { NatsSettings } from '../configuration.js';
import type { Logger } from '../logger.js';

const reconnectWaitMs = 250;
const pingIntervalMs = 5_000;

/** Connects to the broker and stays connected: waits for the first, retries for ever after. */
export async function connectNats(settings: NatsSettings, name: string): Promise<NatsConnection> {
  return connect(connectionOptions(settings, name));
}

function connectionOptions(settings: NatsSettings, name: string): NodeConnectionOptions {
  const { servers, credsFile, nkeyFile, tls } = settings;
  const options: NodeConnectionOptions = {
    servers: [...servers],
    name,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMs,
    reconnectJitter: reconnectWaitMs,
    pingInterval: pingIntervalMs,
    maxPingOut: 2,
    ignoreClusterUpdates: false,
    noAsyncTraces: true,
  };
  // Read at every connection, so that what was renewed is used after a break.
  if (credsFile) options.authenticator = credsAuthenticator(() => readFileSync(credsFile));
  else if (nkeyFile) options.authenticator = nkeyAuthenticator(() => readSeed(nkeyFile));
  if (tls.ca !== null || tls.cert !== null) {
    options.tls = {
      ...(tls.ca !== null && { caFile: tls.ca }),
      ...(tls.cert !== null && { certFile: tls.cert }),
      ...(tls.key !== null && { keyFile: tls.key }),
    };
  }
  return options;
}

/** The seed alone: editors end a file with a newline. */
const readSeed = (file: string): Uint8Array => Buffer.from(readFileSync(file, 'utf8').trim());

/** Follows the connection's state: for logs, readiness, and to refuse sending into the void. */
export class NatsHealth {
  private isConnected = true;

  constructor(
    private readonly connection: NatsConnection,
    private readonly logger: Logger,
  ) {}

  get connected(): boolean {
    return this.isConnected && !this.connection.isClosed();
  }

  /** Runs until the connection is closed. */
  async follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') {
        this.isConnected = false;
        this.logger.warn({ server: status.server }, 'broker connection lost, reconnecting');
      } else if (status.type === 'reconnect') {
        this.isConnected = true;
        this.logger.info({ server: status.server }, 'broker connection restored');
      } else if (status.type === 'error') {
        this.logger.warn({ error: status.error.message }, 'broker reported an error');
      } else if (status.type === 'slowConsumer') {
        this.logger.warn({ subject: status.sub.getSubject() }, 'subscription is slow');
      }
    }
  }
}
