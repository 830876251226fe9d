import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

export interface OpenOptions {
  /** `nats://…` addresses; default `nats://127.0.0.1:4222`. */
  readonly servers?: readonly string[] | string;
  /** Passed on to the NATS client: credentials, TLS, name. */
  readonly nats?: NodeConnectionOptions;
  readonly inboxPrefix?: string;
}

/** Connects and stays connected: after the first success it reconnects for ever. */
export function openConnection(options: OpenOptions): Promise<NatsConnection> {
  const { servers, nats = {}, inboxPrefix } = options;
  return connect({
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    ...nats,
    maxReconnectAttempts: nats.maxReconnectAttempts ?? -1,
    noAsyncTraces: true,
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    ...(servers !== undefined && { servers: typeof servers === 'string' ? servers : [...servers] }),
  });
}
