import { describe, expect, it } from '@jest/globals';
import { scenarioOf } from '@metad/eventsourcing/testing';
import { compareUtf8, HASH_END } from './keyspace.js';
import { shardMapDecider } from './shard-map.decider.js';
import { ShardMapCreated, ShardMapDropped } from './shard-map.events.js';
import type { Shard } from './shard-map.record.js';

const shardMap = scenarioOf(shardMapDecider);
const shard = (shardId: string, start: Shard['start'], end: Shard['start']): Shard => ({
  shardId,
  start,
  end,
  node: `on-${shardId}`,
  replicas: [],
});
const rangeMap = (...shards: Shard[]) => ({ map: 'users', keyspace: 'range' as const, shards });
const hashMap = (...shards: Shard[]) => ({ map: 'users', keyspace: 'hash' as const, shards });
const create = (data: ReturnType<typeof rangeMap> | ReturnType<typeof hashMap>) =>
  shardMap.given().when('CreateShardMap', data as never);
const halves = rangeMap(shard('a', '', 'm'), shard('b', 'm', ''));
const given = () => shardMap.given(new ShardMapCreated(halves));

describe('CreateShardMap', () => {
  it('takes shards in any order that cover the keyspace', () => {
    create(rangeMap(shard('b', 'm', ''), shard('a', '', 'm'))).thenRecord(halves);
    const hashed = hashMap(shard('a', 0, 7), shard('b', 7, HASH_END));
    create(hashed).thenRecord(hashed);
    create(rangeMap(shard('all', '', ''))).thenRecord(rangeMap(shard('all', '', '')));
  });

  it.each([
    ['a gap inside', rangeMap(shard('a', '', 'k'), shard('b', 'm', ''))],
    ['a gap at the start', rangeMap(shard('a', 'a', ''))],
    ['a gap at the end', rangeMap(shard('a', '', 'm'))],
    ['an overlap', rangeMap(shard('a', '', 'n'), shard('b', 'm', ''))],
    ['two shards without bounds', rangeMap(shard('a', '', ''), shard('b', '', ''))],
    ['a shard without bounds before another', rangeMap(shard('a', '', ''), shard('b', 'm', ''))],
    ['an empty shard', rangeMap(shard('a', '', 'm'), shard('b', 'm', 'm'), shard('c', 'm', ''))],
    ['an inverted shard', hashMap(shard('a', 0, 9), shard('b', 9, 5), shard('c', 5, HASH_END))],
    ['a hash gap', hashMap(shard('a', 0, 9), shard('b', 10, HASH_END))],
    ['a hash end too low', hashMap(shard('a', 0, HASH_END - 1))],
    ['bounds of the other keyspace', hashMap(shard('a', '', ''))],
  ])('is refused with %s', (_what, data) => {
    create(data).thenRefused('RULE_VIOLATED', 'shards-cover-keyspace');
  });

  it('is refused when an id is used twice', () => {
    create(rangeMap(shard('a', '', 'm'), shard('a', 'm', ''))).thenRefused(
      'RULE_VIOLATED',
      'shard-id-unique',
    );
  });

  it('is refused for a map that is there, unless it is the same', () => {
    given()
      .when('CreateShardMap', halves as never)
      .thenNothing();
    given()
      .when('CreateShardMap', rangeMap(shard('all', '', '')) as never)
      .thenRefused('RULE_VIOLATED', 'shard-map-created-once');
  });
});

describe('SplitShard', () => {
  const split = (at: string | number, more = {}) =>
    given().when('SplitShard', { map: 'users', shardId: 'b', at, newShardId: 'c', ...more });

  it('hands the upper keys to a new shard on the same nodes', () => {
    split('t').thenRecord(
      rangeMap(shard('a', '', 'm'), shard('b', 'm', 't'), {
        ...shard('c', 't', ''),
        node: 'on-b',
      }),
    );
  });

  it('may put the new shard elsewhere', () => {
    const { value } = split('t', { node: 'n9', replicas: ['n8'] });
    expect(value?.shards[2]).toMatchObject({ shardId: 'c', node: 'n9', replicas: ['n8'] });
  });

  it.each(['m', 'a', '', 17])('is refused at %p, which is not inside', (at) => {
    split(at).thenRefused('RULE_VIOLATED', 'split-inside-shard');
  });

  it('is refused for unknown shards and taken ids', () => {
    split('t', { shardId: 'z' }).thenRefused('NOT_FOUND', 'shard-exists');
    split('t', { newShardId: 'a' }).thenRefused('RULE_VIOLATED', 'shard-id-unique');
  });
});

describe('MergeShards', () => {
  const merge = (into: string, from: string) =>
    given().when('MergeShards', { map: 'users', into, from });

  it('joins neighbours in either direction, also where both outer bounds are empty', () => {
    merge('a', 'b').thenRecord(rangeMap(shard('a', '', '')));
    merge('b', 'a').thenRecord(rangeMap(shard('b', '', '')));
  });

  it('is refused for shards that are not neighbours', () => {
    shardMap
      .given(
        new ShardMapCreated(
          rangeMap(shard('a', '', 'f'), shard('b', 'f', 'm'), shard('c', 'm', '')),
        ),
      )
      .when('MergeShards', { map: 'users', into: 'a', from: 'c' })
      .thenRefused('RULE_VIOLATED', 'merged-shards-are-neighbours');
    merge('a', 'a').thenRefused('RULE_VIOLATED', 'merged-shards-are-neighbours');
    merge('a', 'z').thenRefused('NOT_FOUND', 'shard-exists');
  });
});

describe('MoveShard and DropShardMap', () => {
  const move = (shardId: string, node: string) =>
    given().when('MoveShard', { map: 'users', shardId, node });

  it('moves a shard, once', () => {
    expect(move('a', 'n7').value?.shards[0]).toMatchObject({ shardId: 'a', node: 'n7' });
    move('a', 'on-a').thenNothing();
    move('z', 'n7').thenRefused('NOT_FOUND', 'shard-exists');
  });

  it('drops the map, once', () => {
    given().when('DropShardMap', { map: 'users' }).thenRecord(null);
    shardMap
      .given(new ShardMapCreated(halves), new ShardMapDropped({ map: 'users' }))
      .when('DropShardMap', { map: 'users' })
      .thenRefused('NOT_FOUND', 'shard-map-exists');
  });
});

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes, not of UTF-16 code units', () => {
    const keys = ['', 'a', 'ab', 'b', 'é', 'z', '\uffee', '😀', '𐀀', '\ud7ff', '\ue000'];
    for (const left of keys) {
      for (const right of keys) {
        const bytes = Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right)));
        expect(Math.sign(compareUtf8(left, right))).toBe(bytes);
      }
    }
  });
});
