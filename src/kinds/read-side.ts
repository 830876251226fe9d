import type { KindQueries } from '../query/definition/kind-queries.js';
import { ResourceEntity } from './resource/resource.entity.js';
import { ResourceProjection } from './resource/resource.projection.js';
import { RESOURCE_QUERIES } from './resource/resource.queries.js';
import { RouteEntity } from './routing-table/route.entity.js';
import { RouteProjection } from './routing-table/routing-table.projection.js';
import { ROUTING_TABLE_QUERIES } from './routing-table/routing-table.queries.js';
import { ServiceInstanceEntity } from './service-instance/service-instance.entity.js';
import { ServiceInstanceProjection } from './service-instance/service-instance.projection.js';
import { SERVICE_INSTANCE_QUERIES } from './service-instance/service-instance.queries.js';
import { ShardEntity } from './shard-map/shard.entity.js';
import { ShardProjection } from './shard-map/shard-map.projection.js';
import { SHARD_MAP_QUERIES } from './shard-map/shard-map.queries.js';
import { TenantEntity } from './tenant/tenant.entity.js';
import { TenantProjection } from './tenant/tenant.projection.js';
import { TENANT_QUERIES } from './tenant/tenant.queries.js';

/** The read side of every kind. Adding a kind is adding a folder and a line to each list. */
export const KIND_PROJECTIONS = [
  TenantProjection,
  ResourceProjection,
  ServiceInstanceProjection,
  ShardProjection,
  RouteProjection,
] as const;

export const KIND_ENTITIES = [
  TenantEntity,
  ResourceEntity,
  ServiceInstanceEntity,
  ShardEntity,
  RouteEntity,
];

export const KIND_QUERIES: readonly KindQueries[] = [
  TENANT_QUERIES,
  RESOURCE_QUERIES,
  SERVICE_INSTANCE_QUERIES,
  SHARD_MAP_QUERIES,
  ROUTING_TABLE_QUERIES,
];
