/** A complete division of a keyspace: no gap, no overlap, at every version. Key: `<map>`. */
export interface ShardMapValue extends Readonly<Record<string, unknown>> {
  readonly map: string;
  readonly keyspace: 'hash' | 'range';
  /** In order of `start`. */
  readonly shards: readonly Shard[];
}

/**
 * Holds start ≤ key < end. In a hash keyspace the bounds are integers in 0 … 2³²; in a range
 * keyspace they are strings compared by UTF-8 bytes, and an empty one means none.
 */
export interface Shard extends Readonly<Record<string, unknown>> {
  readonly shardId: string;
  readonly start: number | string;
  readonly end: number | string;
  readonly node: string;
  readonly replicas: readonly string[];
}

export const SHARD_MAP = 'shard-map';
