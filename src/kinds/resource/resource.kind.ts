import type { KindDefinition } from '../kind.js';
import { RESOURCE_COMMANDS } from './resource.commands.js';
import { resourceDecider } from './resource.decider.js';
import { RESOURCE_EVENTS } from './resource.events.js';
import { RESOURCE } from './resource.record.js';
import type { ResourceValue } from './resource.record.js';

/** Not the tenant kind's constant: kinds do not import each other, they name each other. */
const TENANT = 'tenant';

export const RESOURCE_KIND: KindDefinition<ResourceValue> = {
  kind: RESOURCE,
  commands: RESOURCE_COMMANDS,
  decider: resourceDecider,
  events: RESOURCE_EVENTS,
  idOf: (key) => key.slice(key.indexOf('/') + 1),
  lease: {
    begunBy: ['OwnershipClaimed', 'OwnershipRenewed', 'OwnershipTransferred'],
    ttlMsOf: ({ ttlMs }) => ttlMs ?? null,
  },
  ownership: {
    grantedBy: ['OwnershipClaimed', 'OwnershipTransferred'],
    ownerOf: ({ owner }) => owner ?? null,
  },
  parentOf: ({ tenantId }) => ({ kind: TENANT, key: tenantId }),
};
