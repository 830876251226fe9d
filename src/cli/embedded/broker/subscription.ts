import type { ClientConnection } from './client-connection.js';

/** One SUB of one client. `deliveredMax` > 0 ends it by itself after so many messages. */
export class Subscription {
  delivered = 0;
  deliveredMax = 0;

  constructor(
    readonly client: ClientConnection,
    readonly sid: string,
    readonly subject: string,
    readonly queue: string,
  ) {}
}
