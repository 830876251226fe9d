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
import { brokerLogin } from './broker-url.js';

const reconnectWaitMs = 250;
const pingIntervalMs = 5_000;
const firstWarningMs = 1_000;
const warningIntervalMs = 5_000;

/** Connects to the broker and stays connected: waits for the first, retries for ever after. */
export async function connectNats(
  settings: NatsSettings,
  name: string,
  logger: Pick<Logger, 'warn'>,
): Promise<NatsConnection> {
  const options = connectionOptions(settings, name);
  let timer = setTimeout(() => void warn(), firstWarningMs);
  let isWaiting = true;
  const warn = async (): Promise<void> => {
    const reason = await whyUnreachable(options);
    if (!isWaiting) return;
    const { servers } = options;
    if (reason !== null) logger.warn({ servers, reason }, 'broker not reached, trying on');
    timer = setTimeout(() => void warn(), warningIntervalMs);
  };
  try {
    return await connect(options);
  } finally {
    isWaiting = false;
    clearTimeout(timer);
  }
}

/**
 * A connection that waits for its first success does not tell what it waits for, and one that does
 * not wait forgets the servers that were away: another one asks, beside it. Null: it can be reached
 * by now.
 */
async function whyUnreachable(options: NodeConnectionOptions): Promise<string | null> {
  const asked = { waitOnFirstConnect: false, reconnect: false, timeout: warningIntervalMs };
  try {
    const connection = await connect({ ...options, ...asked });
    await connection.close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function connectionOptions(settings: NatsSettings, name: string): NodeConnectionOptions {
  const { credsFile, nkeyFile, tls } = settings;
  const login = brokerLogin(settings.servers);
  const options: NodeConnectionOptions = {
    ...login,
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
