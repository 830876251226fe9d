import { EventsHandler } from '@nestjs/cqrs';
import type { StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  RECORD_COLUMNS,
  recordCells,
  RecordProjection,
  type Row,
  type TableShape,
} from '@metad/projection';
import { TenantEvicted, TenantPlaced } from './tenant.events.js';
import { TENANT, type TenantValue } from './tenant.record.js';

export const TENANT_TABLE: TableShape = {
  name: 'tenant',
  keyColumns: 2,
  writes: 'upsert',
  columns: [
    { name: 'namespace', type: 'text' },
    { name: 'tenant_id', type: 'text' },
    { name: 'cell', type: 'text' },
    { name: 'node', type: 'text' },
    { name: 'tier', type: 'text' },
    { name: 'labels', type: 'json' },
    ...RECORD_COLUMNS,
  ],
};

/** Where each tenant lives. */
@Projection({ name: 'tenant', tables: [TENANT_TABLE] })
@EventsHandler(TenantPlaced, TenantEvicted)
export class TenantProjection extends RecordProjection<TenantValue> {
  protected readonly kind = TENANT;
  protected readonly table = TENANT_TABLE;

  protected rows(record: StoredRecord<TenantValue>): readonly Row[] {
    const { tenantId, cell, node = null, tier = null, labels } = record.value;
    const place = [record.namespace, tenantId, cell, node, tier, canonicalJson(labels)];
    return [[...place, ...recordCells(record)]];
  }
}
