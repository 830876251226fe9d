import { sameContent } from '@metad/eventsourcing';
import type { Route, RouteMatch, RouteTarget } from './routing-table.record.js';

/**
 * How requests find their route. Of all routes whose match holds, the most specific one wins:
 *
 *   1. exact host before wildcard host, longer wildcard before shorter, any of them before none;
 *   2. longer path prefix;
 *   3. more headers;
 *   4. higher priority;
 *   5. the smaller `routeId`, so that there is always one answer.
 */
export interface RouteRequest {
  /** Name as in the request; its case and a port do not matter. */
  readonly host?: string;
  /** Without the query string. */
  readonly path?: string;
  /** Names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The form in which matches are kept and compared: lower case, no trailing slash. */
export function normalizeMatch({ host, pathPrefix, headers }: RouteMatch): RouteMatch {
  const lowered = headers === undefined ? [] : Object.entries(lowerNames(headers));
  return {
    ...(host === undefined ? {} : { host: host.toLowerCase() }),
    ...(pathPrefix === undefined ? {} : { pathPrefix: withoutTrailingSlash(pathPrefix) }),
    ...(lowered.length === 0 ? {} : { headers: Object.fromEntries(lowered) }),
  };
}

/** Another route with the same match and priority: then neither would be the one to take. */
export function findConflict(routes: readonly Route[], route: Route): Route | null {
  const conflict = routes.find(
    ({ routeId, priority, match }) =>
      routeId !== route.routeId && priority === route.priority && sameContent(match, route.match),
  );
  return conflict ?? null;
}

/** The route to take, or null when none matches. */
export function resolveRoute(routes: readonly Route[], request: RouteRequest): Route | null {
  const host = request.host === undefined ? null : hostName(request.host);
  const headers = lowerNames(request.headers ?? {});
  let best: Route | null = null;
  for (const route of routes) {
    const { match } = route;
    const holds =
      hostMatches(match.host, host) &&
      pathMatches(match.pathPrefix, request.path ?? null) &&
      headersMatch(match.headers, headers);
    if (holds && (best === null || compareRoutes(route, best) < 0)) best = route;
  }
  return best;
}

/**
 * The target of the `point`-th of the route's sum of weights, 0 ≤ point < sum: give a random point
 * to spread requests, or a hash to keep one caller at one backend.
 */
export function pickTarget({ targets }: Route, point: number): RouteTarget {
  let rest = point;
  for (const target of targets) {
    if (rest < target.weight) return target;
    rest -= target.weight;
  }
  throw new RangeError(`point ${point} is not below the sum of the weights`);
}

export const weightOf = ({ targets }: Pick<Route, 'targets'>): number =>
  targets.reduce((sum, { weight }) => sum + weight, 0);

/** Negative when `left` is the one to take. */
function compareRoutes(left: Route, right: Route): number {
  return (
    hostRank(right) - hostRank(left) ||
    lengthOf(right.match.host) - lengthOf(left.match.host) ||
    lengthOf(right.match.pathPrefix) - lengthOf(left.match.pathPrefix) ||
    headerCount(right) - headerCount(left) ||
    right.priority - left.priority ||
    (left.routeId < right.routeId ? -1 : 1)
  );
}

function hostRank({ match: { host } }: Route): number {
  if (host === undefined) return 0;
  return host.startsWith('*.') ? 1 : 2;
}

const lengthOf = (text: string | undefined): number => text?.length ?? 0;
const headerCount = ({ match }: Route): number => Object.keys(match.headers ?? {}).length;

function hostMatches(wanted: string | undefined, host: string | null): boolean {
  if (wanted === undefined) return true;
  if (host === null) return false;
  return wanted.startsWith('*.') ? host.endsWith(wanted.slice(1)) : host === wanted;
}

function pathMatches(prefix: string | undefined, path: string | null): boolean {
  if (prefix === undefined) return true;
  if (path === null) return false;
  if (prefix === '/') return path.startsWith('/');
  return path === prefix || path.startsWith(`${prefix}/`);
}

function headersMatch(
  wanted: RouteMatch['headers'],
  headers: Readonly<Record<string, string>>,
): boolean {
  if (wanted === undefined) return true;
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(headers, name) && headers[name] === value,
  );
}

/** Lower case, without port and final dot. */
const hostName = (host: string): string =>
  host.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');

const withoutTrailingSlash = (path: string): string =>
  path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;

const lowerNames = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
