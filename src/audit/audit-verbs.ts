import { z } from 'zod';
import { MetadError } from '@metad/contract';
import type { AdminRouter } from '../admin/admin-router.js';
import type { StoredAuditEvent } from './audit-event.js';
import type { AuditLog } from './audit-log.js';

/** A reply stays under the broker's usual payload of 1 MiB. */
const pageCharsMax = 256 * 1024;

/** `audit.list`: newest first; `cursor` of a page leads to the one behind it. */
export function registerAuditVerbs(router: AdminRouter, audit: AuditLog): void {
  router.register({
    noun: 'audit',
    verb: 'list',
    schema: z.strictObject({
      kind: z.enum(['administration', 'command', 'access']).optional(),
      actor: z.string().min(1).max(256).optional(),
      cursor: z
        .string()
        .regex(/^[1-9]\d{0,15}$/, 'is not a cursor of this list')
        .optional(),
      limit: z.int().min(1).max(1_000).default(100),
    }),
    changes: false,
    isPrivate: true,
    handle: async ({ kind, actor, cursor, limit }) => {
      const before = cursor === undefined ? null : Number(cursor);
      // One more than asked for tells whether there is a next page.
      const query = { before, limit: limit + 1, kind: kind ?? null, actor: actor ?? null };
      return pageOf(await read(() => audit.list(query)), limit);
    },
  });
}

function pageOf(events: readonly StoredAuditEvent[], limit: number) {
  let chars = 0;
  const items: object[] = [];
  let last = 0;
  for (const event of events.slice(0, limit)) {
    const item = { ...event, at: new Date(event.at).toISOString() };
    chars += JSON.stringify(item).length;
    if (items.length > 0 && chars > pageCharsMax) break;
    items.push(item);
    last = event.id;
  }
  return { items, ...(items.length < events.length && { cursor: String(last) }) };
}

async function read<Result>(list: () => Promise<Result>): Promise<Result> {
  try {
    return await list();
  } catch (cause) {
    const message = 'the audit cannot be read now: its database is away';
    const error = new MetadError('RESTORING', message, { retryAfterMs: 1_000 });
    error.cause = cause;
    throw error;
  }
}
