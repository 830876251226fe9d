import { isSame, textOf } from './kind-model.js';
import type { Fields, KindModel, ModelRecord } from './kind-model.js';

export class RoutingTableModel implements KindModel {
  readonly records = new Map<string, ModelRecord>();

  keyOf(_command: string, data: Fields): string {
    return `routing-table:${textOf(data, 'table')}`;
  }

  apply(command: string, data: Fields): string {
    const key = this.keyOf(command, data);
    const record = this.records.get(key);
    const routes = [...((record?.value['routes'] ?? []) as Record<string, unknown>[])];
    const at = routes.findIndex(({ routeId }) => routeId === data['routeId']);
    if (command === 'RemoveRoute') {
      if (at < 0) return 'NOT_FOUND';
      routes.splice(at, 1);
    } else {
      const { routeId, targets, priority = 0 } = data;
      const route = { routeId, targets, priority, match: normal(data['match'] as Fields) };
      if ((targets as { weight: number }[]).every(({ weight }) => weight === 0)) {
        return 'RULE_VIOLATED';
      }
      const rival = routes.find(
        (one, place) =>
          place !== at && one['priority'] === priority && isSame(one['match'], route.match),
      );
      if (rival !== undefined) return 'RULE_VIOLATED';
      if (at >= 0 && isSame(routes[at], route)) return 'noop';
      if (at < 0) routes.push(route);
      else routes[at] = route;
      routes.sort((a, b) => (textOf(a, 'routeId') < textOf(b, 'routeId') ? -1 : 1));
    }
    const version = (record?.version ?? 0) + 1;
    const value = { table: data['table'], routes };
    if (routes.length === 0) this.records.delete(key);
    else this.records.set(key, { value, version, fence: null, since: 0, ttlMs: null });
    return 'applied';
  }
}

function normal(match: Fields): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  const { host, pathPrefix, headers } = match as {
    host?: string;
    pathPrefix?: string;
    headers?: Record<string, string>;
  };
  if (host !== undefined) made['host'] = host.toLowerCase();
  if (pathPrefix !== undefined) made['pathPrefix'] = pathPrefix.replace(/(.)\/$/, '$1');
  const names = Object.keys(headers ?? {});
  if (headers !== undefined && names.length > 0) {
    made['headers'] = Object.fromEntries(names.map((name) => [name.toLowerCase(), headers[name]]));
  }
  return made;
}
