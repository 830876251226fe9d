import type { Route } from './routing-table.record.js';

export interface RoutePutData extends Route {
  readonly table: string;
}

export interface RouteNamed extends Readonly<Record<string, unknown>> {
  readonly table: string;
  readonly routeId: string;
}

/** The route stands in the table as given; it may have replaced one. */
export class RoutePut {
  readonly type = 'RoutePut';
  constructor(readonly data: RoutePutData) {}
}

/** The route is gone, and with the last one the table. */
export class RouteRemoved {
  readonly type = 'RouteRemoved';
  constructor(readonly data: RouteNamed) {}
}

export type RoutingTableEvent = RoutePut | RouteRemoved;

export const ROUTING_TABLE_EVENTS = [
  'RoutePut',
  'RouteRemoved',
] as const satisfies readonly RoutingTableEvent['type'][];
