import { hashHigh } from '@metad/partition';
import { compareBounds } from './keyspace.js';
import type { Bound } from './keyspace.js';
import type { Shard, ShardMapValue } from './shard-map.record.js';

/**
 * The shard that holds `key`, by binary search: the last one that does not begin after it. Needs
 * `loadHasher()` (of `@metad/partition`) to have been awaited for hash keyspaces.
 */
export function resolveShard({ keyspace, shards }: ShardMapValue, key: string): Shard {
  const point: Bound = keyspace === 'hash' ? hashHigh(key) : key;
  let low = 0;
  let high = shards.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareBounds((shards[middle] as Shard).start, point) <= 0) low = middle;
    else high = middle - 1;
  }
  return shards[low] as Shard;
}
