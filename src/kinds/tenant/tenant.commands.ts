import type { KindCommand } from '@metad/eventsourcing';
import { z } from 'zod';
import { id, labels, text } from '../fields.js';
import type { CommandDefinition } from '../kind.js';
import { plainId, plainLabels, plainObject, plainText } from '../plain-data.js';
import { TENANT } from './tenant.record.js';

const placeTenant = z.strictObject({
  tenantId: id,
  cell: text,
  node: text.optional(),
  tier: text.optional(),
  labels: labels.optional(),
});
const evictTenant = z.strictObject({ tenantId: id });

export type PlaceTenant = z.infer<typeof placeTenant>;
export type EvictTenant = z.infer<typeof evictTenant>;
export type TenantCommand =
  KindCommand<'PlaceTenant', PlaceTenant> | KindCommand<'EvictTenant', EvictTenant>;

const about = {
  kind: TENANT,
  /** A tenant lies in one partition with its resources. */
  routing: (_namespace: string, { tenantId }: EvictTenant) => ({
    key: `tenants/${tenantId}/resources`,
    prefix: true,
  }),
  recordKeys: ({ tenantId }: EvictTenant) => [tenantId],
};

const plainPlacement = plainObject(
  { tenantId: plainId, cell: plainText },
  { node: plainText, tier: plainText, labels: plainLabels },
);

export const TENANT_COMMANDS: readonly CommandDefinition[] = [
  { ...about, name: 'PlaceTenant', schema: placeTenant, plain: plainPlacement, grows: true },
  { ...about, name: 'EvictTenant', schema: evictTenant, grows: false },
];
