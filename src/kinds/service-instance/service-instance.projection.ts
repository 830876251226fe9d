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
import {
  InstanceDeregistered,
  InstanceExpired,
  InstanceRegistered,
} from './service-instance.events.js';
import { SERVICE_INSTANCE, type ServiceInstanceValue } from './service-instance.record.js';

export const SERVICE_INSTANCE_TABLE: TableShape = {
  name: 'service_instance',
  keyColumns: 3,
  writes: 'upsert',
  columns: [
    { name: 'namespace', type: 'text' },
    { name: 'service', type: 'text' },
    { name: 'instance_id', type: 'text' },
    { name: 'address', type: 'text' },
    { name: 'port', type: 'integer' },
    { name: 'zone', type: 'text' },
    { name: 'tags', type: 'textArray' },
    { name: 'metadata', type: 'json' },
    { name: 'ttl_ms', type: 'bigint' },
    ...RECORD_COLUMNS,
  ],
};

/** Running instances of services. */
@Projection({ name: 'service_instance', tables: [SERVICE_INSTANCE_TABLE] })
@EventsHandler(InstanceRegistered, InstanceDeregistered, InstanceExpired)
export class ServiceInstanceProjection extends RecordProjection<ServiceInstanceValue> {
  protected readonly kind = SERVICE_INSTANCE;
  protected readonly table = SERVICE_INSTANCE_TABLE;

  protected rows(record: StoredRecord<ServiceInstanceValue>): readonly Row[] {
    const { service, instanceId, address, port, zone = null, ttlMs } = record.value;
    const tags = canonicalJson(record.value.tags);
    const where = [record.namespace, service, instanceId, address, port, zone, tags];
    return [[...where, canonicalJson(record.value.metadata), ttlMs, ...recordCells(record)]];
  }
}
