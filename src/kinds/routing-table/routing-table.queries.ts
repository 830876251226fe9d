import { z } from 'zod';
import { holds, equals, nameParam } from '../../query/definition/filters.js';
import type { KindQueries } from '../../query/definition/kind-queries.js';
import { listQuery, recordQuery, type Item } from '../../query/definition/query-definition.js';
import { present } from '../../query/definition/record-columns.js';
import type { SqlRow } from '../../query/query-ports.js';
import { resolveRoute, type RouteRequest } from './route-match.js';
import { ROUTING_TABLE, type RoutingTableValue } from './routing-table.record.js';

const routing = (namespace: string, { table }: { readonly table: string }) => ({
  key: `routing-tables/${namespace}/${table}`,
  prefix: true,
});
const key = ({ table }: { readonly table: string }): string => table;

const getRoutingTable = recordQuery({
  name: 'GetRoutingTable',
  params: z.strictObject({ table: nameParam }),
  ...{ kind: ROUTING_TABLE, routing, key },
});

const resolveParams = z.strictObject({
  table: nameParam,
  host: z.string().max(255).optional(),
  path: z.string().max(8_192).optional(),
  headers: z.record(z.string(), z.string()).optional(),
});

const resolve = recordQuery<z.infer<typeof resolveParams>, RoutingTableValue>({
  name: 'ResolveRoute',
  params: resolveParams,
  ...{ kind: ROUTING_TABLE, routing, key },
  answer: ({ namespace, value, version }, { table, ...request }) => {
    // Fields that were not given are absent, as the schema leaves them.
    const route = resolveRoute(value.routes, request as RouteRequest);
    return route && { namespace, table, tableVersion: version, ...route };
  },
});

const listRoutes = listQuery({
  name: 'ListRoutes',
  params: z.strictObject({ backend: nameParam.optional(), table: nameParam.optional() }),
  projection: 'route',
  from: 'route',
  columns: 'namespace, table_name, route_id, host, path_prefix, headers, targets, priority',
  order: ['namespace', 'table_name', 'route_id'],
  filters: { backend: holds('backends'), table: equals('table_name') },
  toItem: routeItem,
});

function routeItem(row: SqlRow): Item {
  const { namespace, table_name: table, route_id: routeId, targets, priority } = row;
  const match = {
    ...present('host', row['host']),
    ...present('pathPrefix', row['path_prefix']),
    ...present('headers', row['headers']),
  };
  return { namespace, table, routeId, match, targets, priority };
}

export const ROUTING_TABLE_QUERIES: KindQueries = {
  kind: ROUTING_TABLE,
  queries: [getRoutingTable, resolve, listRoutes],
  counted: { view: 'route', fields: { namespace: 'namespace', table: 'table_name', host: 'host' } },
};
