import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import {
  ConnectionFollower,
  MetadClient,
  MetadError,
  NatsRequester,
  readReply,
  systemClock,
  type ClientOptions,
  type RequestOutcome,
} from '@metad/client';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { connectBroker, type BrokerAddress } from './broker-address.js';
import { NoAnswer, NobodyAnswers, NotPermitted } from './broker-errors.js';

/**
 * JSON requests over NATS, one attempt each. A service error becomes a `MetadError`; everything
 * else says what is known.
 */
export interface Requester {
  request(subject: string, body: unknown, timeoutMs: number): Promise<unknown>;
  close(): Promise<void>;
}

/** The command line's requester: the client library's wire, with errors for people. */
export class ServiceRequester implements Requester {
  private readonly wire: NatsRequester;
  private readonly clients: MetadClient[] = [];

  private constructor(
    readonly connection: NatsConnection,
    private readonly inboxPrefix: string | undefined,
  ) {
    const name = `metactl${randomBytes(12).toString('hex')}`;
    const prefix = inboxPrefix === undefined ? {} : { inboxPrefix };
    const said = headers();
    said.set('Metad-Actor', whoRuns());
    this.wire = new NatsRequester(connection, systemClock, name, { ...prefix, headers: said });
    const follower = new ConnectionFollower(connection, systemClock, {
      lost: () => this.wire.interrupt(),
      restored: () => undefined,
      refused: (subject) => this.wire.refuse(subject),
    });
    void follower.follow(); // Ends with the connection.
  }

  /** Throws CannotConnect. `name` is what the broker shows of this connection. */
  static async open(address: BrokerAddress, name: string): Promise<ServiceRequester> {
    return new ServiceRequester(await connectBroker(address, name), address.inboxPrefix);
  }

  /** Throws MetadError, NobodyAnswers, NoAnswer, NotPermitted. */
  async request(subject: string, body: unknown, timeoutMs: number): Promise<unknown> {
    const outcome = await this.wire.request(subject, JSON.stringify(body), timeoutMs);
    if (outcome.kind !== 'reply') throw unanswered(outcome, subject, timeoutMs);
    const reply = readReply(outcome.message.data);
    if (reply instanceof MetadError) throw reply;
    return reply;
  }

  /**
   * The client library over the same connection, for what takes more than a request. Ends with the
   * requester. Asks any node unless `options` say otherwise: an operator may not reach leaders.
   */
  async client(
    namespace: string,
    subjectPrefix: string,
    options: Partial<ClientOptions> = {},
  ): Promise<MetadClient> {
    const prefix = this.inboxPrefix === undefined ? {} : { inboxPrefix: this.inboxPrefix };
    const client = await MetadClient.over(this.connection, {
      ...{ namespace, subjectPrefix, routing: 'any' as const },
      ...prefix,
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) await client.close();
    this.wire.close();
    await this.connection.close();
  }
}

/** For the audit: who says to have asked. */
function whoRuns(): string {
  const printable = (text: string): string => text.replace(/[^\x21-\x7e]/g, '_').slice(0, 100);
  try {
    return `${printable(userInfo().username)}@${printable(hostname())}`;
  } catch {
    return `unknown@${printable(hostname())}`; // A user id without a name.
  }
}

function unanswered(
  outcome: Exclude<RequestOutcome, { readonly kind: 'reply' }>,
  subject: string,
  timeoutMs: number,
): Error {
  if (outcome.kind === 'timeout') {
    return new NoAnswer(`no answer on ${subject} within ${timeoutMs} ms`);
  }
  if (outcome.reason === 'forbidden') {
    return new NotPermitted(`the broker does not permit ${subject}`);
  }
  if (outcome.reason === 'nobody') {
    return new NobodyAnswers(`nobody answers on ${subject}: is a node running there?`);
  }
  return new NobodyAnswers(`the request on ${subject} was not sent (${outcome.reason})`);
}
