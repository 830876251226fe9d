import { KindRegistry } from './kind-registry.js';
import { RESOURCE_KIND } from './resource/resource.kind.js';
import { TENANT_KIND } from './tenant/tenant.kind.js';

/** Adding a kind is adding a folder and one line here. */
export const KINDS = new KindRegistry([TENANT_KIND, RESOURCE_KIND]);

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
