import { getPartitionKey, getPrefixPartitionKey, type Point } from '@metad/partition';

/**
 * Which point of the partition map a request is about, by the contract's table of routing keys.
 * A name that is not here, or a field that is missing, has no point: any node takes the request,
 * and says what is wrong with it or where it belongs.
 */
type Fields = Readonly<Record<string, unknown>>;
type Rule = (namespace: string, fields: Fields) => Point | null;

const joined = (fields: Fields, names: readonly string[]): readonly string[] | null => {
  const values = names.map((name) => fields[name]);
  return values.every((value) => typeof value === 'string') ? values : null;
};

const tenant: Rule = (_namespace, fields) => {
  const { tenantId } = fields;
  return typeof tenantId === 'string'
    ? getPrefixPartitionKey(`tenants/${tenantId}/resources`)
    : null;
};

const resource: Rule = (_namespace, fields) => {
  const parts = joined(fields, ['tenantId', 'resourceId']);
  return parts && getPartitionKey(`tenants/${parts[0]}/resources/${parts[1]}`);
};

const service: Rule = (namespace, fields) => {
  const name = fields['service'];
  return typeof name === 'string' ? getPrefixPartitionKey(`services/${namespace}/${name}`) : null;
};

const shardMap: Rule = (namespace, fields) => {
  const { map } = fields;
  return typeof map === 'string' ? getPrefixPartitionKey(`shard-maps/${namespace}/${map}`) : null;
};

const routingTable: Rule = (namespace, fields) => {
  const { table } = fields;
  return typeof table === 'string'
    ? getPrefixPartitionKey(`routing-tables/${namespace}/${table}`)
    : null;
};

const COMMANDS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['PlaceTenant', tenant],
  ['EvictTenant', tenant],
  ['AssignResource', resource],
  ['ReleaseResource', resource],
  ['ClaimOwnership', resource],
  ['TransferOwnership', resource],
  ['ReleaseOwnership', resource],
  ['RegisterInstance', service],
  ['RenewInstances', service],
  ['DeregisterInstance', service],
  ['CreateShardMap', shardMap],
  ['SplitShard', shardMap],
  ['MergeShards', shardMap],
  ['MoveShard', shardMap],
  ['DropShardMap', shardMap],
  ['PutRoute', routingTable],
  ['RemoveRoute', routingTable],
]);

/** Look-ups by key: what a single partition can answer from its state. */
const QUERIES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['GetTenant', tenant],
  ['GetResource', resource],
  ['GetShardMap', shardMap],
  ['ResolveShard', shardMap],
  ['GetRoutingTable', routingTable],
  ['ResolveRoute', routingTable],
]);

/** A batch goes where its first command belongs; the leader refuses it if the others do not. */
export function commandPoint(namespace: string, command: string, data: Fields): Point | null {
  if (command !== 'Batch') return COMMANDS.get(command)?.(namespace, data) ?? null;
  const commands: unknown = data['commands'];
  const first: unknown = Array.isArray(commands) ? commands[0] : null;
  if (typeof first !== 'object' || first === null) return null;
  const { command: name, data: inner } = first as { command?: unknown; data?: unknown };
  if (typeof name !== 'string' || name === 'Batch' || typeof inner !== 'object') return null;
  return COMMANDS.get(name)?.(namespace, (inner ?? {}) as Fields) ?? null;
}

export function queryPoint(namespace: string, query: string, params: Fields): Point | null {
  return QUERIES.get(query)?.(namespace, params) ?? null;
}
