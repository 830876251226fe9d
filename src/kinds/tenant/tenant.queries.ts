import { z } from 'zod';
import { equals, labelled, labelParam, nameParam } from '../../query/definition/filters.js';
import { listQuery, recordQuery, type Item } from '../../query/definition/query-definition.js';
import type { SqlRow } from '../../query/query-ports.js';
import {
  present,
  RECORD_COLUMNS_SQL,
  recordFields,
} from '../../query/definition/record-columns.js';
import type { KindQueries } from '../../query/definition/kind-queries.js';
import { TENANT } from './tenant.record.js';

const getTenant = recordQuery({
  name: 'GetTenant',
  params: z.strictObject({ tenantId: nameParam }),
  kind: TENANT,
  routing: (_namespace, { tenantId }) => ({ key: `tenants/${tenantId}/resources`, prefix: true }),
  key: ({ tenantId }) => tenantId,
});

const listTenants = listQuery({
  name: 'ListTenants',
  params: z.strictObject({
    cell: nameParam.optional(),
    node: nameParam.optional(),
    tier: nameParam.optional(),
    label: labelParam.optional(),
  }),
  projection: 'tenant',
  from: 'tenant',
  columns: `namespace, tenant_id, cell, node, tier, labels, ${RECORD_COLUMNS_SQL}`,
  order: ['namespace', 'tenant_id'],
  filters: {
    cell: equals('cell'),
    node: equals('node'),
    tier: equals('tier'),
    label: labelled('labels'),
  },
  toItem: tenantItem,
});

function tenantItem(row: SqlRow): Item {
  const { namespace, tenant_id: tenantId, cell, labels } = row;
  return {
    ...{ kind: TENANT, namespace, id: tenantId, tenantId, cell, labels },
    ...present('node', row['node']),
    ...present('tier', row['tier']),
    ...recordFields(row),
  };
}

export const TENANT_QUERIES: KindQueries = {
  kind: TENANT,
  queries: [getTenant, listTenants],
  counted: {
    view: 'tenant',
    fields: { namespace: 'namespace', cell: 'cell', node: 'node', tier: 'tier' },
  },
};
