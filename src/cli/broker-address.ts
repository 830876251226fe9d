import { readFileSync } from 'node:fs';
import { connect, credsAuthenticator, nkeyAuthenticator } from '@nats-io/transport-node';
import type { Authenticator, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { brokerLogin, brokerUrls } from '../app/nats/broker-url.js';
import { maskedUrl } from '../app/settings/masked-url.js';
import { CannotConnect } from './broker-errors.js';

export interface BrokerAddress {
  readonly servers: readonly string[];
  /** Paths of files. */
  readonly creds?: string;
  readonly nkey?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Where the broker lets this user be answered; default `_INBOX`. */
  readonly inboxPrefix?: string;
}

const connectTimeoutMs = 5_000;

/**
 * The broker at `urls`, with commas, and what NATS_CREDS, NATS_NKEY, NATS_TLS_… and
 * NATS_INBOX_PREFIX say of it.
 */
export function brokerOf(urls: string, env: NodeJS.ProcessEnv): BrokerAddress {
  const given = Object.entries({
    creds: env['NATS_CREDS'],
    nkey: env['NATS_NKEY'],
    tlsCa: env['NATS_TLS_CA'],
    tlsCert: env['NATS_TLS_CERT'],
    tlsKey: env['NATS_TLS_KEY'],
    inboxPrefix: env['NATS_INBOX_PREFIX'],
  });
  return {
    servers: brokerUrls(urls),
    ...Object.fromEntries(given.filter(([, value]) => value)),
  };
}

/** Throws CannotConnect; after the first success it reconnects for ever. */
export async function connectBroker(address: BrokerAddress, name: string): Promise<NatsConnection> {
  const { creds, nkey, user, password, token, tlsCa, tlsCert, tlsKey, inboxPrefix } = address;
  const options: NodeConnectionOptions = {
    ...brokerLogin(address.servers),
    name,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    noAsyncTraces: true,
    ...(inboxPrefix !== undefined && { inboxPrefix }),
  };
  if (creds !== undefined) {
    options.authenticator = authenticatorOf(creds, (text) => credsAuthenticator(text));
  } else if (nkey !== undefined) {
    options.authenticator = authenticatorOf(nkey, (text) => nkeyAuthenticator(trimmed(text)));
  }
  if (user !== undefined) Object.assign(options, { user, pass: password ?? '' });
  if (token !== undefined) options.token = token;
  if (tlsCa !== undefined || tlsCert !== undefined) {
    const tls = { caFile: tlsCa, certFile: tlsCert, keyFile: tlsKey };
    options.tls = Object.fromEntries(Object.entries(tls).filter(([, file]) => file !== undefined));
  }
  try {
    return await connect(options);
  } catch (error) {
    const servers = maskedUrl(address.servers.join(', '));
    throw new CannotConnect(`cannot connect to ${servers}: ${textOf(error)}`);
  }
}

/** The seed alone: editors end a file with a newline. */
const trimmed = (text: Uint8Array): Uint8Array => Buffer.from(Buffer.from(text).toString().trim());

function authenticatorOf(file: string, make: (text: Uint8Array) => Authenticator): Authenticator {
  try {
    return make(readFileSync(file));
  } catch (error) {
    throw new CannotConnect(`cannot use the credentials in ${file}: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
