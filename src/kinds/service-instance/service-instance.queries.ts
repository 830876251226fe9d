import { z } from 'zod';
import { equals, holds, nameParam } from '../../query/definition/filters.js';
import type { KindQueries } from '../../query/definition/kind-queries.js';
import { listQuery, recordQuery, type Item } from '../../query/definition/query-definition.js';
import type { SqlRow } from '../../query/query-ports.js';
import {
  present,
  RECORD_COLUMNS_SQL,
  recordFields,
} from '../../query/definition/record-columns.js';
import { instanceKey, SERVICE_INSTANCE } from './service-instance.record.js';

const getInstance = recordQuery({
  name: 'GetInstance',
  params: z.strictObject({ service: nameParam, instanceId: nameParam }),
  kind: SERVICE_INSTANCE,
  routing: (namespace, { service, instanceId }) => ({
    key: `services/${namespace}/${service}/${instanceId}`,
    prefix: false,
  }),
  key: ({ service, instanceId }) => instanceKey(service, instanceId),
});

const listInstances = listQuery({
  name: 'ListInstances',
  params: z.strictObject({
    service: nameParam.optional(),
    zone: nameParam.optional(),
    tag: nameParam.optional(),
  }),
  projection: 'service_instance',
  from: 'service_instance',
  columns: `namespace, service, instance_id, address, port, zone, tags, metadata, ttl_ms,
    ${RECORD_COLUMNS_SQL}`,
  order: ['namespace', 'service', 'instance_id'],
  filters: { service: equals('service'), zone: equals('zone'), tag: holds('tags') },
  toItem: instanceItem,
});

function instanceItem(row: SqlRow): Item {
  const { namespace, service, instance_id: instanceId, address, port, tags, metadata } = row;
  const id = instanceKey(String(service), String(instanceId));
  return {
    ...{ kind: SERVICE_INSTANCE, namespace, id, service, instanceId, address, port },
    ...present('zone', row['zone']),
    ...{ tags, metadata, ttlMs: Number(row['ttl_ms']) },
    ...recordFields(row),
  };
}

const listServices = listQuery({
  name: 'ListServices',
  params: z.strictObject({}),
  projection: 'service_instance',
  from: `(SELECT namespace, service, count(*)::integer AS instances FROM service_instance
    GROUP BY namespace, service) s`,
  columns: 'namespace, service, instances',
  order: ['namespace', 'service'],
  filters: {},
  toItem: ({ namespace, service, instances }) => ({ namespace, service, instances }),
});

export const SERVICE_INSTANCE_QUERIES: KindQueries = {
  kind: SERVICE_INSTANCE,
  queries: [getInstance, listInstances, listServices],
  counted: {
    view: 'service_instance',
    fields: { namespace: 'namespace', service: 'service', zone: 'zone' },
  },
};
