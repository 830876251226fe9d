import { connect, createInbox, credsAuthenticator, errors } from '@nats-io/transport-node';
import type { Authenticator, ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { readFileSync } from 'node:fs';
import { ERROR_CODES, MetadError } from '@metad/contract';
import type { ErrorBody, ErrorCode } from '@metad/contract';

/**
 * JSON requests over NATS, as any client would make them: the one place of the command line that
 * knows the NATS client. A service error becomes a `MetadError`; everything else says what is
 * known.
 */
export interface Requester {
  request(subject: string, body: unknown, timeoutMs: number): Promise<unknown>;
  close(): Promise<void>;
}

/** The broker cannot be reached, or turned us away. Nothing was sent. */
export class CannotConnect extends Error {
  override readonly name = 'CannotConnect';
}

/** Nobody serves this subject: NATS says so at once. Nothing was delivered. */
export class NobodyAnswers extends Error {
  override readonly name = 'NobodyAnswers';
}

/** No answer in time: what was asked may or may not have happened. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** The broker's permissions forbid this subject. */
export class NotPermitted extends Error {
  override readonly name = 'NotPermitted';
}

export interface BrokerAddress {
  readonly servers: readonly string[];
  /** Paths of files. */
  readonly creds?: string;
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

const connectTimeoutMs = 5_000;

export async function connectBroker(address: BrokerAddress, name: string): Promise<NatsConnection> {
  const options: ConnectionOptions = {
    servers: [...address.servers],
    name,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
  };
  const { creds, user, password, token, tlsCa, tlsCert, tlsKey } = address;
  if (creds !== undefined) options.authenticator = authenticatorOf(creds);
  if (user !== undefined) Object.assign(options, { user, pass: password ?? '' });
  if (token !== undefined) options.token = token;
  if (tlsCa !== undefined || tlsCert !== undefined) {
    const tls = { caFile: tlsCa, certFile: tlsCert, keyFile: tlsKey };
    options.tls = Object.fromEntries(Object.entries(tls).filter(([, file]) => file !== undefined));
  }
  try {
    return await connect(options);
  } catch (error) {
    throw new CannotConnect(`cannot connect to ${address.servers.join(', ')}: ${textOf(error)}`);
  }
}

function authenticatorOf(file: string): Authenticator {
  try {
    return credsAuthenticator(readFileSync(file));
  } catch (error) {
    throw new CannotConnect(`cannot use the credentials in ${file}: ${textOf(error)}`);
  }
}

export class NatsRequester implements Requester {
  constructor(private readonly connection: NatsConnection) {}

  static async open(address: BrokerAddress, name: string): Promise<NatsRequester> {
    return new NatsRequester(await connectBroker(address, name));
  }

  async request(subject: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const payload = JSON.stringify(body);
    let data: Uint8Array;
    try {
      ({ data } = await this.connection.request(subject, payload, { timeout: timeoutMs }));
    } catch (error) {
      throw explain(error, subject, timeoutMs);
    }
    return readReply(Buffer.from(data).toString(), subject);
  }

  /** A new inbox; JSON that arrives there is handed on, and answered if an answer is asked for. */
  subscribe(onMessage: (message: unknown) => void): string {
    const inbox = createInbox();
    this.connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return;
        onMessage(message.json());
        if (message.reply !== undefined && message.reply !== '') message.respond();
      },
    });
    return inbox;
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}

function explain(error: unknown, subject: string, timeoutMs: number): Error {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (error instanceof errors.NoRespondersError || cause instanceof errors.NoRespondersError) {
    return new NobodyAnswers(`nobody answers on ${subject}: is a node running there?`);
  }
  if (cause instanceof errors.PermissionViolationError) {
    return new NotPermitted(`the broker does not permit ${subject}: ${cause.message}`);
  }
  if (error instanceof errors.TimeoutError || cause instanceof errors.TimeoutError) {
    return new NoAnswer(`no answer on ${subject} within ${timeoutMs} ms`);
  }
  return new NoAnswer(`the request on ${subject} failed: ${textOf(error)}`);
}

function readReply(text: string, subject: string): unknown {
  let reply: unknown;
  try {
    reply = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new NoAnswer(`the answer on ${subject} is not JSON: ${text.slice(0, 80)}`);
  }
  if (isErrorBody(reply)) {
    const { code, message, details } = reply.error;
    throw new MetadError(code, message, details);
  }
  return reply;
}

function isErrorBody(reply: unknown): reply is ErrorBody {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return false;
  const { error } = reply;
  if (typeof error !== 'object' || error === null || !('code' in error)) return false;
  return typeof error.code === 'string' && isKnown(error.code);
}

function isKnown(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
