import type { KindDefinition } from '../kind.js';
import { TENANT_COMMANDS } from './tenant.commands.js';
import { tenantDecider } from './tenant.decider.js';
import { TENANT_EVENTS } from './tenant.events.js';
import { TENANT } from './tenant.record.js';
import type { TenantValue } from './tenant.record.js';

export const TENANT_KIND: KindDefinition<TenantValue> = {
  kind: TENANT,
  commands: TENANT_COMMANDS,
  decider: tenantDecider,
  events: TENANT_EVENTS,
  idOf: (key) => key,
};
