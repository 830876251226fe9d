import type { MsgHdrs } from '@nats-io/transport-node';

/** One request as it came from the wire, before anything is believed about it. */
export interface Inbound {
  /** Subject tokens after the service's prefix: `['cmd', 'prod', 'AssignResource']`. */
  readonly tokens: readonly string[];
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly reply: string | null;
}

/** What goes back. `error` becomes the two service-error headers. */
export interface Outbound {
  readonly payload: Uint8Array | string;
  readonly error: { readonly text: string; readonly status: number } | null;
  /** What this program did wrong, for the log; never sent. */
  readonly fault?: unknown;
}

/**
 * Only inboxes are answered: NATS checks who may publish a request, not where its reply goes, so
 * an answer to any other subject would let a client speak with this node's permissions.
 */
const INBOX = /^_INBOX[A-Za-z0-9_-]{0,64}\.[^\s*>]{1,200}$/;

export const isInbox = (subject: string): boolean => INBOX.test(subject);
