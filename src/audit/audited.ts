import type { AdministrativeAct } from '../admin/admin-router.js';
import type { CommandRejection } from '../command/command-exchange.js';
import type { RefusedAccess } from '../http/access/front-door.js';
import type { AuditEvent } from './audit-event.js';

type Audited = Omit<AuditEvent, 'at'>;

const textOr = (value: unknown): string | null => (typeof value === 'string' ? value : null);

export function ofAct({
  noun,
  verb,
  via,
  actor,
  body,
  outcome,
  reason,
}: AdministrativeAct): Audited {
  return {
    kind: 'administration',
    via,
    actor: actor ?? textOr((body as { actor?: unknown } | null)?.actor),
    action: `${noun}.${verb}`,
    namespace: null,
    commandId: null,
    outcome,
    details: { body, ...(reason !== undefined && { reason }) },
  };
}

/** What was to be changed is not kept: it may be what the rules keep out. */
export function ofRejection({ namespace, command, body, error, actor }: CommandRejection): Audited {
  const meta = (body?.['meta'] ?? {}) as Readonly<Record<string, unknown>>;
  const { reason, correlationId } = meta;
  return {
    kind: 'command',
    via: actor === null ? 'nats' : 'http',
    actor: actor ?? textOr(meta['actor']),
    action: command,
    namespace,
    commandId: textOr(body?.['commandId']),
    outcome: error.code,
    details: {
      message: error.message,
      ...(textOr(reason) !== null && { reason }),
      ...(textOr(correlationId) !== null && { correlationId }),
      ...(body?.['dryRun'] === true && { dryRun: true }),
    },
  };
}

export function ofAccess({ name, address, method, path, code, reason }: RefusedAccess): Audited {
  return {
    kind: 'access',
    via: 'http',
    actor: name,
    action: `${method} ${path}`,
    namespace: null,
    commandId: null,
    outcome: code,
    details: { address, reason },
  };
}
