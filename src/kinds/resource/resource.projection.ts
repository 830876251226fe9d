import { EventsHandler } from '@nestjs/cqrs';
import type { StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  RECORD_COLUMNS,
  RecordProjection,
  type Row,
  type TableShape,
} from '@metad/projection';
import {
  OwnershipClaimed,
  OwnershipExpired,
  OwnershipReleased,
  OwnershipRenewed,
  OwnershipTransferred,
  ResourceAssigned,
  ResourceReleased,
} from './resource.events.js';
import { RESOURCE, type ResourceValue } from './resource.record.js';

export const RESOURCE_TABLE: TableShape = {
  name: 'resource',
  keyColumns: 3,
  writes: 'upsert',
  columns: [
    { name: 'namespace', type: 'text' },
    { name: 'resource_id', type: 'text' },
    { name: 'tenant_id', type: 'text' },
    { name: 'node', type: 'text' },
    { name: 'kind', type: 'text' },
    { name: 'owner', type: 'text' },
    { name: 'ttl_ms', type: 'bigint' },
    { name: 'labels', type: 'json' },
    ...RECORD_COLUMNS,
  ],
};

/** Which node runs each resource, and who owns it. */
@Projection({ name: 'resource', tables: [RESOURCE_TABLE] })
@EventsHandler(
  ResourceAssigned,
  ResourceReleased,
  OwnershipClaimed,
  OwnershipRenewed,
  OwnershipTransferred,
  OwnershipReleased,
  OwnershipExpired,
)
export class ResourceProjection extends RecordProjection<ResourceValue> {
  protected readonly kind = RESOURCE;
  protected readonly table = RESOURCE_TABLE;

  protected rows(record: StoredRecord<ResourceValue>): readonly Row[] {
    const { resourceId, tenantId, node, labels, kind, owner, ttlMs } = record.value;
    return [
      [
        record.namespace,
        resourceId,
        tenantId,
        node,
        kind ?? null,
        owner ?? null,
        ttlMs ?? null,
        canonicalJson(labels),
        record.version,
        record.fence,
        record.createdAt,
        record.updatedAt,
        record.index,
      ],
    ];
  }
}
