import type { RecordFields } from './record.js';

/** All that is given must hold; an empty match holds for every request. */
export interface RouteMatch {
  /** Exact name, or `*.example.org` for every name below it. */
  readonly host?: string;
  /** Compared by whole segments: `/a` holds for `/a` and `/a/b`, not for `/ab`. */
  readonly pathPrefix?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteTarget {
  readonly backend: string;
  /** Share of the route's requests: weight ÷ sum of weights. 0 … 10,000, not all 0. */
  readonly weight: number;
}

export interface Route {
  readonly routeId: string;
  readonly match: RouteMatch;
  readonly targets: readonly RouteTarget[];
  /** Higher wins; 0 unless given. */
  readonly priority: number;
}

/** The routes of one table. `id` is the table's. */
export interface RoutingTableRecord extends RecordFields {
  readonly table: string;
  readonly routes: readonly Route[];
}

export interface RoutingTableCommands {
  PutRoute: {
    readonly table: string;
    readonly routeId: string;
    readonly match: RouteMatch;
    readonly targets: readonly RouteTarget[];
    readonly priority?: number;
  };
  RemoveRoute: { readonly table: string; readonly routeId: string };
}

export interface RoutingTableQueries {
  GetRoutingTable: { params: { readonly table: string }; item: RoutingTableRecord };
  ResolveRoute: {
    params: {
      readonly table: string;
      readonly host?: string;
      readonly path?: string;
      readonly headers?: Readonly<Record<string, string>>;
    };
    item: Route & { readonly table: string };
  };
  ListRoutes: { params: { readonly backend: string }; items: Route & { readonly table: string } };
}
