import type { KindCommand } from '@metad/eventsourcing';
import { z } from 'zod';
import { id, labels, text } from '../fields.js';
import type { CommandDefinition } from '../kind.js';
import { ROUTING_TABLE } from './routing-table.record.js';

const weightMax = 10_000;
const targetsMax = 64;
const priorityMax = 1_000_000;
const hostCharsMax = 253;

/** ASCII only, so that lower case means the same on every engine. */
const HOST = /^(\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$/;
const PATH = /^(\/|(\/[^/?#]+)+\/?)$/;
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const match = z.strictObject({
  host: z
    .string()
    .max(hostCharsMax)
    .regex(HOST, 'must be a host name, or *. before one')
    .optional(),
  pathPrefix: text
    .regex(PATH, 'must begin with a slash and have neither empty segments nor ? or #')
    .optional(),
  headers: labels
    .refine((headers) => Object.keys(headers).every((name) => HEADER_NAME.test(name)), {
      message: 'must have header names for names',
    })
    .refine((headers) => distinctLower(Object.keys(headers)), {
      message: 'must not name a header twice in different case',
    })
    .optional(),
});
const target = z.strictObject({
  backend: text,
  weight: z.int().min(0, `must be 0 to ${weightMax}`).max(weightMax, `must be 0 to ${weightMax}`),
});

const putRoute = z.strictObject({
  table: id,
  routeId: id,
  match,
  targets: z.array(target).min(1).max(targetsMax, `must not exceed ${targetsMax} entries`),
  priority: z.int().min(-priorityMax).max(priorityMax).optional(),
});
const removeRoute = z.strictObject({ table: id, routeId: id });

export type PutRoute = z.infer<typeof putRoute>;
export type RemoveRoute = z.infer<typeof removeRoute>;
export type RoutingTableCommand =
  KindCommand<'PutRoute', PutRoute> | KindCommand<'RemoveRoute', RemoveRoute>;

const about = {
  kind: ROUTING_TABLE,
  routing: (namespace: string, { table }: RemoveRoute) => ({
    key: `routing-tables/${namespace}/${table}`,
    prefix: true,
  }),
  recordKeys: ({ table }: RemoveRoute) => [table],
};

export const ROUTING_TABLE_COMMANDS: readonly CommandDefinition[] = [
  { ...about, name: 'PutRoute', schema: putRoute, grows: true },
  { ...about, name: 'RemoveRoute', schema: removeRoute, grows: false },
];

function distinctLower(headerNames: readonly string[]): boolean {
  return new Set(headerNames.map((name) => name.toLowerCase())).size === headerNames.length;
}
