import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadHasher } from '@metad/partition';
import xxhash from 'xxhash-wasm';
import { compareUtf8, HASH_END } from './keyspace.js';
import { resolveShard } from './resolve-shard.js';
import type { Shard, ShardMapValue } from './shard-map.record.js';

function mapOf<B extends number | string>(
  keyspace: ShardMapValue['keyspace'],
  bounds: readonly B[],
  first: B,
  last: B,
): ShardMapValue {
  const starts = [first, ...bounds];
  const shards = starts.map((start, at): Shard => {
    const end = starts[at + 1] ?? last;
    return { shardId: `s${at}`, start, end, node: 'n1', replicas: [] };
  });
  return { map: 'm', keyspace, shards };
}

const key = fc.string({ unit: 'grapheme', maxLength: 6 });

beforeAll(loadHasher);

describe('resolveShard', () => {
  it('finds in a range keyspace the shard whose bounds enclose the key in UTF-8', () => {
    const bounds = fc.uniqueArray(
      key.filter((bound) => bound !== ''),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(bounds, key, (unsorted, asked) => {
        const sorted = [...unsorted].sort(compareUtf8);
        const map = mapOf('range', sorted, '', '');
        const bytes = Buffer.from(asked);
        const holders = map.shards.filter(
          ({ start, end }) =>
            Buffer.compare(Buffer.from(String(start)), bytes) <= 0 &&
            (end === '' || Buffer.compare(bytes, Buffer.from(String(end))) < 0),
        );
        expect(holders).toHaveLength(1);
        expect(resolveShard(map, asked)).toBe(holders[0]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds in a hash keyspace the shard of the upper 32 bits of xxHash64', async () => {
    const { h64 } = await xxhash();
    const bounds = fc.uniqueArray(fc.integer({ min: 1, max: HASH_END - 1 }), { maxLength: 12 });
    fc.assert(
      fc.property(bounds, key, (unsorted, asked) => {
        const map = mapOf(
          'hash',
          [...unsorted].sort((a, b) => a - b),
          0,
          HASH_END,
        );
        const point = h64(asked, 0n) >> 32n;
        const holders = map.shards.filter(
          ({ start, end }) => BigInt(start) <= point && point < BigInt(end),
        );
        expect(holders).toHaveLength(1);
        expect(resolveShard(map, asked)).toBe(holders[0]);
      }),
      { numRuns: 2_000 },
    );
  });
});
