import { EventsHandler } from '@nestjs/cqrs';
import type { StoredRecord } from '@metad/eventsourcing';
import {
  canonicalJson,
  Projection,
  RecordProjection,
  type Row,
  type TableShape,
} from '@metad/projection';
import { RoutePut, RouteRemoved } from './routing-table.events.js';
import { ROUTING_TABLE, type RoutingTableValue } from './routing-table.record.js';

export const ROUTE_TABLE: TableShape = {
  name: 'route',
  keyColumns: 3,
  writes: 'upsert',
  columns: [
    { name: 'namespace', type: 'text' },
    { name: 'table_name', type: 'text' },
    { name: 'route_id', type: 'text' },
    { name: 'host', type: 'text' },
    { name: 'path_prefix', type: 'text' },
    { name: 'headers', type: 'json' },
    { name: 'targets', type: 'json' },
    { name: 'backends', type: 'textArray' },
    { name: 'priority', type: 'integer' },
  ],
};

/** Routes of all routing tables, one row each. */
@Projection({ name: 'route', tables: [ROUTE_TABLE] })
@EventsHandler(RoutePut, RouteRemoved)
export class RouteProjection extends RecordProjection<RoutingTableValue> {
  protected readonly kind = ROUTING_TABLE;
  protected readonly table = ROUTE_TABLE;

  protected rows({ namespace, value }: StoredRecord<RoutingTableValue>): readonly Row[] {
    return value.routes.map(({ routeId, match, targets, priority }) => {
      const { host = null, pathPrefix = null, headers } = match;
      const backends = [...new Set(targets.map((target) => target.backend))];
      return [
        ...[namespace, value.table, routeId, host, pathPrefix],
        headers ? canonicalJson(headers) : null,
        ...[canonicalJson(targets), canonicalJson(backends), priority],
      ];
    });
  }
}
