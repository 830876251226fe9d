import { beforeAll, describe, expect, it } from '@jest/globals';
import { nodeName, partitionId } from '@metad/foundation';
import fc from 'fast-check';
import { bootstrapMap, bootstrapSystemReplicas } from './bootstrap-map.js';
import { loadHasher } from './key-hash.js';
import { mergePartitions, splitPartition, withReplicas } from './partition-map-changes.js';
import { PartitionMap } from './partition-map.js';
import { getPartitionKey, POINTS } from './routing-key.js';
import type { Point } from './routing-key.js';

const members = ['n1', 'n2', 'n3'].map(nodeName);
const mapOf = (partitions: number) => bootstrapMap({ members, partitions, replicas: 3 });
const owner = (map: PartitionMap, point: number) => map.ownerOf(point as Point);

describe('partition map', () => {
  beforeAll(() => loadHasher());

  it('is cut at bootstrap as the contract says', () => {
    expect(mapOf(4).rangesOf(partitionId(1))).toEqual([
      { start: 0, end: 536_870_912, partition: 1 },
    ]);
    expect(mapOf(16).ownerOf(getPartitionKey('tenant-42/order-1001'))).toBe(1);
    expect(mapOf(8).ownerOf(getPartitionKey('hello/foo/100'))).toBe(3);
    expect(mapOf(16).ownerOf(getPartitionKey('hello/foo/100'))).toBe(6);
  });

  it('makes the first ranges one point longer when the points do not divide evenly', () => {
    const lengths = mapOf(3).data.ranges.map((range) => range.end - range.start);
    expect(lengths).toEqual([715_827_883, 715_827_883, 715_827_882]);
  });

  it('finds the owner of every point, first and last of each range included', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.nat(POINTS - 1), (count, point) => {
        const map = mapOf(count);
        const range = map.rangeOf(point as Point);
        expect(range.start <= point && point < range.end).toBe(true);
        expect(owner(map, range.start)).toBe(range.partition);
        expect(owner(map, range.end - 1)).toBe(range.partition);
      }),
      { numRuns: 30 },
    );
  });

  it('spreads replicas over more members than a partition needs', () => {
    const five = ['n5', 'n4', 'n3', 'n2', 'n1'].map(nodeName);
    const map = bootstrapMap({ members: five, partitions: 10, replicas: 3 });
    expect(five.map((node) => map.partitionsOn(node).length)).toEqual([6, 6, 6, 6, 6]);
    expect(bootstrapSystemReplicas([...five, nodeName('n6')]).learners).toEqual(['n6']);
  });

  it('splits a partition and raises the generation of what it touched', () => {
    const map = splitPartition(mapOf(2), 1_000, partitionId(3));
    expect([owner(map, 999), owner(map, 1_000), owner(map, POINTS - 1)]).toEqual([1, 3, 2]);
    expect(map.generation).toBe(2);
    expect(map.data.partitions.map((entry) => entry.generation)).toEqual([2, 1, 1]);
  });

  it('merges back what it split', () => {
    const before = mapOf(2);
    const split = splitPartition(before, 1_000, partitionId(3));
    const map = mergePartitions(split, partitionId(3), partitionId(1));
    expect(map.data.ranges).toEqual(before.data.ranges);
    expect(map.assignmentOf(partitionId(3))).toBeNull();
    expect(map.assignmentOf(partitionId(1))?.generation).toBe(3);
  });

  it('records new replicas', () => {
    const map = withReplicas(mapOf(2), partitionId(2), [nodeName('n2')], [nodeName('n4')]);
    expect(map.partitionsOn(nodeName('n4'))).toEqual([2]);
    expect(map.partitionsOn(nodeName('n1'))).toEqual([1]);
  });

  it('refuses a map with a gap', () => {
    const { data } = mapOf(2);
    const broken = { ...data, ranges: data.ranges.slice(1) };
    expect(() => PartitionMap.from(broken)).toThrow('ranges follow without gap');
  });
});
