import { z } from 'zod';
import { equals, labelled, labelParam, nameParam } from '../../query/definition/filters.js';
import type { KindQueries } from '../../query/definition/kind-queries.js';
import { listQuery, recordQuery, type Item } from '../../query/definition/query-definition.js';
import type { SqlRow } from '../../query/query-ports.js';
import {
  present,
  RECORD_COLUMNS_SQL,
  recordFields,
} from '../../query/definition/record-columns.js';
import { RESOURCE, resourceKey } from './resource.record.js';

const getResource = recordQuery({
  name: 'GetResource',
  params: z.strictObject({ tenantId: nameParam, resourceId: nameParam }),
  kind: RESOURCE,
  routing: (_namespace, { tenantId, resourceId }) => ({
    key: `tenants/${tenantId}/resources/${resourceId}`,
    prefix: false,
  }),
  key: ({ tenantId, resourceId }) => resourceKey(tenantId, resourceId),
});

const listResources = listQuery({
  name: 'ListResources',
  params: z.strictObject({
    tenantId: nameParam.optional(),
    node: nameParam.optional(),
    owner: nameParam.optional(),
    kind: nameParam.optional(),
    label: labelParam.optional(),
  }),
  projection: 'resource',
  from: 'resource',
  columns: `namespace, resource_id, tenant_id, node, kind, owner, ttl_ms, labels,
    ${RECORD_COLUMNS_SQL}`,
  order: ['namespace', 'resource_id', 'tenant_id'],
  filters: {
    tenantId: equals('tenant_id'),
    node: equals('node'),
    owner: equals('owner'),
    kind: equals('kind'),
    label: labelled('labels'),
  },
  toItem: resourceItem,
});

function resourceItem(row: SqlRow): Item {
  const { namespace, resource_id: resourceId, tenant_id: tenantId, node, labels } = row;
  return {
    ...{ kind: row['kind'] ?? RESOURCE, namespace, id: resourceId, tenantId, resourceId },
    ...{ node, labels },
    ...present('owner', row['owner']),
    ...present('ttlMs', row['ttl_ms'], Number),
    ...recordFields(row),
  };
}

export const RESOURCE_QUERIES: KindQueries = {
  kind: RESOURCE,
  queries: [getResource, listResources],
  counted: {
    view: 'resource',
    fields: {
      namespace: 'namespace',
      node: 'node',
      tenantId: 'tenant_id',
      owner: 'owner',
      kind: 'kind',
    },
  },
};
