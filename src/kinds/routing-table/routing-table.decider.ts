import { accept, reject, sameContent } from '@metad/eventsourcing';
import type { Decider, Decision } from '@metad/eventsourcing';
import { findConflict, normalizeMatch, weightOf } from './route-match.js';
import type { PutRoute, RemoveRoute, RoutingTableCommand } from './routing-table.commands.js';
import { RoutePut, RouteRemoved } from './routing-table.events.js';
import type { RoutingTableEvent } from './routing-table.events.js';
import type { Route, RouteMatch, RoutingTableValue } from './routing-table.record.js';

type Verdict = Decision<RoutingTableEvent>;

/**
 * The routes of a table. A table begins with its first route and ends with its last; a route is
 * stated as a whole.
 */
export const routingTableDecider: Decider<
  RoutingTableValue,
  RoutingTableCommand,
  RoutingTableEvent
> = {
  decide({ value }, command) {
    switch (command.name) {
      case 'PutRoute':
        return put(value, command.data);
      case 'RemoveRoute':
        return remove(value, command.data);
    }
  },

  evolve(value, event) {
    const { table, routeId } = event.data;
    const others = (value?.routes ?? []).filter((route) => route.routeId !== routeId);
    switch (event.type) {
      case 'RoutePut': {
        const { match, targets, priority } = event.data;
        return { table, routes: sortRoutes([...others, { routeId, match, targets, priority }]) };
      }
      case 'RouteRemoved':
        return others.length === 0 ? null : { table, routes: others };
    }
  },
};

function put(value: RoutingTableValue | null, data: PutRoute): Verdict {
  const { table, routeId, targets, priority = 0 } = data;
  const route: Route = {
    routeId,
    match: normalizeMatch(data.match as RouteMatch),
    targets,
    priority,
  };
  if (weightOf(route) === 0) {
    const message = 'the weights of all targets are 0: no request could be sent anywhere';
    return reject('RULE_VIOLATED', 'route-has-weight', message);
  }
  const routes = value?.routes ?? [];
  const conflict = findConflict(routes, route);
  if (conflict !== null) {
    const message = `route ${conflict.routeId} has the same match and priority`;
    return reject('RULE_VIOLATED', 'routes-distinct', message, { routeId: conflict.routeId });
  }
  const present = routes.find((one) => one.routeId === routeId);
  if (present !== undefined && sameContent(present, route)) return accept();
  return accept(new RoutePut({ table, ...route }));
}

function remove(value: RoutingTableValue | null, { table, routeId }: RemoveRoute): Verdict {
  const isThere = value?.routes.some((route) => route.routeId === routeId) ?? false;
  if (!isThere) {
    const message = `routing table ${table} has no route ${routeId}`;
    return reject('NOT_FOUND', 'route-exists', message);
  }
  return accept(new RouteRemoved({ table, routeId }));
}

const sortRoutes = (routes: Route[]): Route[] =>
  routes.sort((a, b) => (a.routeId < b.routeId ? -1 : 1));
