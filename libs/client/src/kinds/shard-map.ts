import type { RecordFields } from './record.js';

/**
 * Holds start ≤ key < end. In a hash keyspace the bounds are integers in 0 … 2³²; in a range
 * keyspace they are strings compared by UTF-8 bytes, and an empty one means none.
 */
export interface Shard {
  readonly shardId: string;
  readonly start: number | string;
  readonly end: number | string;
  readonly node: string;
  readonly replicas: readonly string[];
}

/** A division of a keyspace without gap or overlap. `id` is the map's. */
export interface ShardMapRecord extends RecordFields {
  readonly map: string;
  readonly keyspace: 'hash' | 'range';
  /** In order of `start`. */
  readonly shards: readonly Shard[];
}

export interface ShardMapCommands {
  CreateShardMap: {
    readonly map: string;
    readonly keyspace: 'hash' | 'range';
    readonly shards: readonly (Omit<Shard, 'replicas'> & {
      readonly replicas?: readonly string[];
    })[];
  };
  SplitShard: {
    readonly map: string;
    readonly shardId: string;
    readonly at: number | string;
    readonly newShardId: string;
    readonly node?: string;
    readonly replicas?: readonly string[];
  };
  MergeShards: { readonly map: string; readonly into: string; readonly from: string };
  MoveShard: {
    readonly map: string;
    readonly shardId: string;
    readonly node: string;
    readonly replicas?: readonly string[];
  };
  DropShardMap: { readonly map: string };
}

export interface ShardMapQueries {
  GetShardMap: { params: { readonly map: string }; item: ShardMapRecord };
  ResolveShard: {
    params: { readonly map: string; readonly key: string };
    item: Shard & { readonly map: string; readonly version: number };
  };
  ListShards: { params: { readonly node: string }; items: Shard & { readonly map: string } };
}
