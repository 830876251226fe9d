import type { KindCommand } from '@metad/eventsourcing';
import type { z } from 'zod';
import { id, keyedBy, labels, text, ttlMs, ttlMsMax, ttlMsMin } from '../fields.js';
import type { CommandDefinition } from '../kind.js';
import { plainId, plainLabels, plainObject, plainText, plainWhole } from '../plain-data.js';
import { RESOURCE, resourceKey } from './resource.record.js';

const named = { tenantId: id, resourceId: id };
const aboutOne = <S extends z.ZodRawShape>(shape: S) =>
  keyedBy({ ...named, ...shape }, 'tenantId', 'resourceId');
const assignResource = aboutOne({
  node: text,
  kind: text.optional(),
  labels: labels.optional(),
});
const releaseResource = aboutOne({});
const claimOwnership = aboutOne({ owner: text, ttlMs: ttlMs.optional() });
const transferOwnership = aboutOne({
  from: text,
  to: text,
  ttlMs: ttlMs.optional(),
});
const releaseOwnership = aboutOne({ owner: text });

export type AssignResource = z.infer<typeof assignResource>;
export type ReleaseResource = z.infer<typeof releaseResource>;
export type ClaimOwnership = z.infer<typeof claimOwnership>;
export type TransferOwnership = z.infer<typeof transferOwnership>;
export type ReleaseOwnership = z.infer<typeof releaseOwnership>;
export type ResourceCommand =
  | KindCommand<'AssignResource', AssignResource>
  | KindCommand<'ReleaseResource', ReleaseResource>
  | KindCommand<'ClaimOwnership', ClaimOwnership>
  | KindCommand<'TransferOwnership', TransferOwnership>
  | KindCommand<'ReleaseOwnership', ReleaseOwnership>;

interface Named {
  readonly tenantId: string;
  readonly resourceId: string;
}

const about = {
  kind: RESOURCE,
  routing: (_namespace: string, { tenantId, resourceId }: Named) => ({
    key: `tenants/${tenantId}/resources/${resourceId}`,
    prefix: false,
  }),
  recordKeys: ({ tenantId, resourceId }: Named) => [resourceKey(tenantId, resourceId)],
};

const plainNamed = { tenantId: plainId, resourceId: plainId };
const plainAssignment = plainObject(
  { ...plainNamed, node: plainText },
  { kind: plainText, labels: plainLabels },
);
const plainClaim = plainObject(
  { ...plainNamed, owner: plainText },
  { ttlMs: plainWhole(ttlMsMin, ttlMsMax) },
);

export const RESOURCE_COMMANDS: readonly CommandDefinition[] = [
  { ...about, name: 'AssignResource', schema: assignResource, plain: plainAssignment, grows: true },
  {
    ...about,
    name: 'ReleaseResource',
    schema: releaseResource,
    plain: plainObject(plainNamed),
    grows: false,
  },
  { ...about, name: 'ClaimOwnership', schema: claimOwnership, plain: plainClaim, grows: true },
  { ...about, name: 'TransferOwnership', schema: transferOwnership, grows: true },
  { ...about, name: 'ReleaseOwnership', schema: releaseOwnership, grows: false },
];
