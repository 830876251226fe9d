import type { MsgHdrs } from '@nats-io/transport-node';
import type { CommandTrace } from '../telemetry/tracing/command-trace.js';

/** One request as it came from the wire, before anything is believed about it. */
export interface Inbound {
  /** Subject tokens after the service's prefix: `['cmd', 'prod', 'AssignResource']`. */
  readonly tokens: readonly string[];
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  readonly reply: string;
}

/** What goes back. `error` becomes the two service-error headers. */
export interface Outbound {
  readonly payload: Uint8Array | string;
  readonly error: { readonly text: string; readonly status: number } | null;
  /** What this program did wrong, for the log; never sent. */
  readonly fault?: unknown;
  /** What the log should say beside the fault: partition, command, commandId. */
  readonly about?: object;
}

/** Where an answer goes: one object a request, and no promise. */
export interface ReplyTo {
  answer(outbound: Outbound): void;
  /** Who asks, if that is proved. */
  readonly actor?: string | null;
  /** Null where tracing is off. */
  readonly trace?: CommandTrace | null;
}

/** Takes requests that come by the thousand: see `NatsServerStrategy.serveDirectly`. */
export interface DirectHandler {
  handle(inbound: Inbound, to: ReplyTo): void;
}

/**
 * Only inboxes are answered: NATS checks who may publish a request, not where its reply goes, so
 * an answer to any other subject would let a client speak with this node's permissions.
 */
const INBOX = /^_INBOX[A-Za-z0-9_-]{0,64}\.[^\s*>]{1,200}$/;
/** The broker puts it in an inbox's place when a request comes from an account that imports us. */
const IMPORTED = /^_R_\.[^\s*>]{1,200}$/;
const BELOW_PREFIX = /^\.[^\s*>]{1,200}$/;

/** `prefix`: where inboxes lie besides, as METAD_INBOX_PREFIX says; null for nowhere. */
export const isInbox = (subject: string, prefix: string | null): boolean =>
  INBOX.test(subject) ||
  (prefix !== null &&
    subject.startsWith(prefix) &&
    BELOW_PREFIX.test(subject.slice(prefix.length)));

/** Whether the reply subject of a request is one to be answered. */
export const isAnswerable = (reply: string, prefix: string | null): boolean =>
  isInbox(reply, prefix) || IMPORTED.test(reply);
