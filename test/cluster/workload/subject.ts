import { subjectsUnder } from '@metad/contract';
import { nodeName } from '@metad/foundation';
import { bootstrapMap, getPartitionKey, getPrefixPartitionKey } from '@metad/partition';
import type { PartitionMap } from '@metad/partition';
import type { Json } from '../check/json.js';

export const namespace = 'chaos';
export const subjects = subjectsUnder('metad.v1');

export type Kind = 'tenant' | 'resource' | 'instance' | 'shard-map' | 'routing-table';

/** One record that clients work on. `serial` makes its names; each record is used once. */
export interface Subject {
  readonly kind: Kind;
  readonly serial: number;
  readonly partition: number;
  /** The fields that name it in commands and in queries. */
  readonly names: Json;
}

interface KindShape {
  names(serial: number): Json;
  /** The routing key and how it is hashed: the contract's table. */
  routing(names: Json): { readonly key: string; readonly prefix: boolean };
  /** Linearizable look-up by key; null where the contract has none. */
  readonly query: string | null;
  /** Fields of its value, as far as the model knows them. */
  readonly fields: readonly string[];
}

export const KINDS: { readonly [K in Kind]: KindShape } = {
  tenant: {
    names: (serial) => ({ tenantId: `t${serial}` }),
    routing: ({ tenantId }) => ({ key: `tenants/${String(tenantId)}/resources`, prefix: true }),
    query: 'GetTenant',
    fields: ['tenantId', 'cell', 'node', 'tier', 'labels'],
  },
  resource: {
    names: (serial) => ({ tenantId: `acme${serial % 16}`, resourceId: `r${serial}` }),
    routing: ({ tenantId, resourceId }) => ({
      key: `tenants/${String(tenantId)}/resources/${String(resourceId)}`,
      prefix: false,
    }),
    query: 'GetResource',
    fields: ['tenantId', 'resourceId', 'node', 'labels', 'owner'],
  },
  instance: {
    names: (serial) => ({ service: `s${serial % 8}`, instanceId: `i${serial}` }),
    routing: ({ service, instanceId }) => ({
      key: `services/${namespace}/${String(service)}/${String(instanceId)}`,
      prefix: false,
    }),
    query: null,
    fields: ['service', 'instanceId', 'address', 'port', 'zone', 'tags', 'metadata', 'ttlMs'],
  },
  'shard-map': {
    names: (serial) => ({ map: `m${serial}` }),
    routing: ({ map }) => ({ key: `shard-maps/${namespace}/${String(map)}`, prefix: true }),
    query: 'GetShardMap',
    fields: ['map', 'keyspace', 'shards'],
  },
  'routing-table': {
    names: (serial) => ({ table: `rt${serial}` }),
    routing: ({ table }) => ({ key: `routing-tables/${namespace}/${String(table)}`, prefix: true }),
    query: 'GetRoutingTable',
    fields: ['table', 'routes'],
  },
};

export const ALL_KINDS = Object.keys(KINDS) as Kind[];

/** Needs `loadHasher()` before. `serial` is below 10⁹ and used once per run. */
export function subjectOf(kind: Kind, serial: number, map: PartitionMap): Subject {
  const names = KINDS[kind].names(serial);
  const { key, prefix } = KINDS[kind].routing(names);
  const point = prefix ? getPrefixPartitionKey(key) : getPartitionKey(key);
  return { kind, serial, names, partition: map.ownerOf(point) };
}

export const idOf = ({ kind, names }: Subject): string =>
  `${kind}/${Object.values(names).map(String).join('/')}`;

/** Replicas do not matter to a client: only which partition owns a point. */
export function clientMap(partitions: number): PartitionMap {
  return bootstrapMap({ members: [nodeName('n1')], partitions, replicas: 1 });
}
