import { z } from 'zod';
import { equals, nameParam } from '../../query/definition/filters.js';
import type { KindQueries } from '../../query/definition/kind-queries.js';
import { listQuery, recordQuery, type Item } from '../../query/definition/query-definition.js';
import type { SqlRow } from '../../query/query-ports.js';
import { resolveShard } from './resolve-shard.js';
import { SHARD_MAP, type ShardMapValue } from './shard-map.record.js';

const routing = (namespace: string, { map }: { readonly map: string }) => ({
  key: `shard-maps/${namespace}/${map}`,
  prefix: true,
});
const key = ({ map }: { readonly map: string }): string => map;

const getShardMap = recordQuery({
  name: 'GetShardMap',
  params: z.strictObject({ map: nameParam }),
  ...{ kind: SHARD_MAP, routing, key },
});

const resolve = recordQuery<{ readonly map: string; readonly key: string }, ShardMapValue>({
  name: 'ResolveShard',
  // Any text is a key of some shard, the empty one too.
  params: z.strictObject({ map: nameParam, key: z.string().max(4_096) }),
  ...{ kind: SHARD_MAP, routing, key },
  answer: ({ namespace, value, version }, { key: wanted }) => {
    const { map, keyspace } = value;
    return { namespace, map, keyspace, mapVersion: version, ...resolveShard(value, wanted) };
  },
});

const listShards = listQuery({
  name: 'ListShards',
  params: z.strictObject({ node: nameParam.optional(), map: nameParam.optional() }),
  projection: 'shard',
  from: 'shard',
  columns: 'namespace, map, shard_id, keyspace, range_start, range_end, node, replicas',
  order: ['namespace', 'map', 'shard_id'],
  filters: { node: equals('node'), map: equals('map') },
  toItem: shardItem,
});

function shardItem(row: SqlRow): Item {
  const { namespace, map, shard_id: shardId, keyspace, node, replicas } = row;
  const bound = (value: unknown) => (keyspace === 'hash' ? Number(value) : value);
  return {
    ...{ namespace, map, shardId, keyspace },
    ...{ start: bound(row['range_start']), end: bound(row['range_end']), node, replicas },
  };
}

export const SHARD_MAP_QUERIES: KindQueries = {
  kind: SHARD_MAP,
  queries: [getShardMap, resolve, listShards],
  counted: {
    view: 'shard',
    fields: { namespace: 'namespace', map: 'map', node: 'node', keyspace: 'keyspace' },
  },
};
