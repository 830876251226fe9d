import type { KindCommand } from '@metad/eventsourcing';
import { z } from 'zod';
import { cleanText, id, names, text } from '../fields.js';
import type { CommandDefinition } from '../kind.js';
import { HASH_END } from './keyspace.js';
import { SHARD_MAP } from './shard-map.record.js';

const shardsMax = 4_096;
const replicasMax = 16;
const replicas = names(replicasMax);

const hashBound = z.int().min(0).max(HASH_END);
/** A key, or empty for no bound. */
const rangeBound = cleanText;

const shardWith = <B extends z.ZodType>(bound: B) =>
  z.strictObject({
    shardId: id,
    start: bound,
    end: bound,
    node: text,
    replicas: replicas.optional(),
  });
const shardsOf = <B extends z.ZodType>(bound: B) =>
  z.array(shardWith(bound)).min(1).max(shardsMax, `must not exceed ${shardsMax} entries`);

const createShardMap = z.discriminatedUnion('keyspace', [
  z.strictObject({ map: id, keyspace: z.literal('hash'), shards: shardsOf(hashBound) }),
  z.strictObject({ map: id, keyspace: z.literal('range'), shards: shardsOf(rangeBound) }),
]);
const splitShard = z.strictObject({
  map: id,
  shardId: id,
  at: z.union([hashBound, rangeBound]),
  newShardId: id,
  node: text.optional(),
  replicas: replicas.optional(),
});
const mergeShards = z.strictObject({ map: id, into: id, from: id });
const moveShard = z.strictObject({
  map: id,
  shardId: id,
  node: text,
  replicas: replicas.optional(),
});
const dropShardMap = z.strictObject({ map: id });

export type CreateShardMap = z.infer<typeof createShardMap>;
export type SplitShard = z.infer<typeof splitShard>;
export type MergeShards = z.infer<typeof mergeShards>;
export type MoveShard = z.infer<typeof moveShard>;
export type DropShardMap = z.infer<typeof dropShardMap>;
export type ShardMapCommand =
  | KindCommand<'CreateShardMap', CreateShardMap>
  | KindCommand<'SplitShard', SplitShard>
  | KindCommand<'MergeShards', MergeShards>
  | KindCommand<'MoveShard', MoveShard>
  | KindCommand<'DropShardMap', DropShardMap>;

const about = {
  kind: SHARD_MAP,
  routing: (namespace: string, { map }: DropShardMap) => ({
    key: `shard-maps/${namespace}/${map}`,
    prefix: true,
  }),
  recordKeys: ({ map }: DropShardMap) => [map],
};

export const SHARD_MAP_COMMANDS: readonly CommandDefinition[] = [
  { ...about, name: 'CreateShardMap', schema: createShardMap, grows: true },
  { ...about, name: 'SplitShard', schema: splitShard, grows: true },
  { ...about, name: 'MergeShards', schema: mergeShards, grows: false },
  { ...about, name: 'MoveShard', schema: moveShard, grows: true },
  { ...about, name: 'DropShardMap', schema: dropShardMap, grows: false },
];
