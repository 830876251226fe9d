/** The routes of one table. Key: `<table>`. */
export interface RoutingTableValue extends Readonly<Record<string, unknown>> {
  readonly table: string;
  /** In order of `routeId` (UTF-16 code units). */
  readonly routes: readonly Route[];
}

export interface Route extends Readonly<Record<string, unknown>> {
  readonly routeId: string;
  readonly match: RouteMatch;
  readonly targets: readonly RouteTarget[];
  /** Higher wins among routes whose matches are equally specific; 0 unless given. */
  readonly priority: number;
}

/** All that is given must hold; an empty match holds for every request. */
export interface RouteMatch extends Readonly<Record<string, unknown>> {
  /** Exact name, or `*.example.org` for every name below it. Lower case. */
  readonly host?: string;
  /** Begins with `/`; compared by whole segments: `/a` holds for `/a` and `/a/b`, not `/ab`. */
  readonly pathPrefix?: string;
  /** Exact values by header name in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RouteTarget extends Readonly<Record<string, unknown>> {
  readonly backend: string;
  /** Share of the route's requests: weight ÷ sum of weights. 0 … 10,000, not all 0. */
  readonly weight: number;
}

export const ROUTING_TABLE = 'routing-table';
