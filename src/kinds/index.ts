import { KindRegistry } from './kind-registry.js';
import { RESOURCE_KIND } from './resource/resource.kind.js';
import { ROUTING_TABLE_KIND } from './routing-table/routing-table.kind.js';
import { SERVICE_INSTANCE_KIND } from './service-instance/service-instance.kind.js';
import { SHARD_MAP_KIND } from './shard-map/shard-map.kind.js';
import { TENANT_KIND } from './tenant/tenant.kind.js';

/** Adding a kind is adding a folder and one line here. */
export const KINDS = new KindRegistry([
  TENANT_KIND,
  RESOURCE_KIND,
  SERVICE_INSTANCE_KIND,
  SHARD_MAP_KIND,
  ROUTING_TABLE_KIND,
]);

export { BATCH, checkCommand } from './check-command.js';
export type { CheckedCommand, CheckedStep } from './check-command.js';
export { expectationFaults } from './expectation-faults.js';
export { KindRegistry } from './kind-registry.js';
export type { RegisteredCommand } from './kind-registry.js';
export type {
  KindDefinition,
  CommandDefinition,
  Routing,
  Lease,
  Ownership,
  ParentReference,
} from './kind.js';
export { resolveShard } from './shard-map/resolve-shard.js';
export { resolveRoute, pickTarget, weightOf } from './routing-table/route-match.js';
export type { RouteRequest } from './routing-table/route-match.js';
