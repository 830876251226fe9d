/** One request path for nodes and clients alike (docs/adr/0003-nats-client.md). */
export { NatsRequester } from '@metad/client';
export type { RequestOutcome } from '@metad/client';
