/**
 * `administration`: acts that change something, done or refused. `command`: commands that were
 * refused. `access`: HTTP requests that were turned away at the door.
 */
export type AuditKind = 'administration' | 'command' | 'access';

export interface AuditEvent {
  /** Milliseconds since the epoch, by this node's clock. */
  readonly at: number;
  readonly kind: AuditKind;
  readonly via: 'nats' | 'http' | 'node';
  /** What the caller calls itself, or was proved to be (`token:…`, `certificate:…`). */
  readonly actor: string | null;
  /** `projection.rebuild`, `AssignResource`, `POST /api/v1/…`. */
  readonly action: string;
  readonly namespace: string | null;
  readonly commandId: string | null;
  /** `done`, or the code of the error. */
  readonly outcome: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface StoredAuditEvent extends AuditEvent {
  /** Rises with every row of one node. */
  readonly id: number;
}

const textCharsMax = 256;
const detailsCharsMax = 4_096;
// What neither a line of text nor a JSON column can hold.
const unstorable = /[\p{Cc}\p{Cs}]/gu;

const storable = (text: string): string => text.replace(unstorable, '\u{fffd}');

/** Text from outside as it may be kept: bounded, without control characters. */
export const auditText = (text: string): string => storable(text.slice(0, textCharsMax));

/** The event with everything in it bounded and storable, however it was sent. */
export function bounded(event: AuditEvent): AuditEvent {
  return {
    ...event,
    actor: event.actor === null ? null : auditText(event.actor),
    action: auditText(event.action),
    namespace: event.namespace === null ? null : auditText(event.namespace),
    commandId: event.commandId === null ? null : auditText(event.commandId),
    details: boundedDetails(event.details),
  };
}

function boundedDetails(details: AuditEvent['details']): AuditEvent['details'] {
  const json = JSON.stringify(details, (_key, value: unknown) => cleaned(value));
  if (json.length <= detailsCharsMax) return JSON.parse(json) as AuditEvent['details'];
  return { shortened: storable(json.slice(0, detailsCharsMax / 2)) };
}

function cleaned(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [storable(key), each]));
}
