import { canonical } from './json.js';
import type { Json } from './json.js';

/** What a command does to the value of its record, by the contract's table of commands. */
export type RuleVerdict =
  | { readonly kind: 'refused' }
  | { readonly kind: 'noop' }
  /** `grants`: ownership changes hands, the answer carries a new fence. */
  | { readonly kind: 'applied'; readonly value: Json | null; readonly grants: boolean };

export type Rule = (value: Json | null, data: Json, expect: Json | undefined) => RuleVerdict;

const REFUSED: RuleVerdict = { kind: 'refused' };
const NOOP: RuleVerdict = { kind: 'noop' };
const applied = (value: Json | null, grants = false): RuleVerdict => ({
  kind: 'applied',
  value,
  grants,
});

/** The contract's commands as far as the workload sends them. */
const RULES: Readonly<Record<string, Rule>> = {
  PlaceTenant: (value, data) => replaced(value, { labels: {}, ...data }),
  EvictTenant: removed,
  AssignResource: (value, data) => {
    const owner = value?.['owner'];
    return replaced(value, { labels: {}, ...data, ...(owner === undefined ? {} : { owner }) });
  },
  ReleaseResource: (value, _data, expect) => {
    if (value === null) return REFUSED;
    const owner = value['owner'];
    return owner !== undefined && expect?.['owner'] !== owner ? REFUSED : applied(null);
  },
  ClaimOwnership: (value, { owner }) => {
    if (value === null) return REFUSED;
    if (value['owner'] === undefined) return applied({ ...value, owner }, true);
    return value['owner'] === owner ? NOOP : REFUSED;
  },
  TransferOwnership: (value, { from, to }) =>
    value === null || value['owner'] !== from ? REFUSED : applied({ ...value, owner: to }, true),
  ReleaseOwnership: (value, { owner }) => {
    if (value === null || value['owner'] !== owner) return REFUSED;
    return applied(Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'owner')));
  },
  RegisterInstance: (value, data) => replaced(value, data),
  DeregisterInstance: removed,
  CreateShardMap: (value, { map, keyspace, shards }) => {
    const created = { map, keyspace, shards };
    if (value === null) return applied(created);
    // The same map once more is a yes.
    return canonical(value) === canonical(created) ? NOOP : REFUSED;
  },
  MoveShard: (value, { shardId, node }) => moved(value, shardId, node),
  DropShardMap: removed,
  PutRoute: (value, { table, ...route }) => putRoute(value, table, route),
};

export function ruleOf(command: string): Rule {
  const rule = RULES[command];
  if (!rule) throw new Error(`the model has no rule for ${command}`);
  return rule;
}

function replaced(value: Json | null, next: Json): RuleVerdict {
  return canonical(value) === canonical(next) ? NOOP : applied(next);
}

function removed(value: Json | null): RuleVerdict {
  return value === null ? REFUSED : applied(null);
}

function moved(value: Json | null, shardId: unknown, node: unknown): RuleVerdict {
  const shards = value?.['shards'] as Json[] | undefined;
  const shard = shards?.find((candidate) => candidate['shardId'] === shardId);
  if (!value || !shards || !shard) return REFUSED;
  if (shard['node'] === node) return NOOP;
  const next = shards.map((one) => (one === shard ? { ...one, node } : one));
  return applied({ ...value, shards: next });
}

function putRoute(value: Json | null, table: unknown, route: Json): RuleVerdict {
  const routes = (value?.['routes'] as Json[] | undefined) ?? [];
  const others = routes.filter((one) => one['routeId'] !== route['routeId']);
  const next = [...others, route].sort((a, b) =>
    String(a['routeId']) < String(b['routeId']) ? -1 : 1,
  );
  return replaced(value, { table, routes: next });
}
