import { invariant } from '@metad/foundation';
import type { NodeName, PartitionId } from '@metad/foundation';
import type { PartitionAssignment, PointRange } from './partition-map-data.js';
import { PartitionMap } from './partition-map.js';

/** Changes of the map, each a pure function from one map to the next. */

/** Hands the points [at, end of the range holding `at`) to a new partition on the same nodes. */
export function splitPartition(map: PartitionMap, at: number, created: PartitionId): PartitionMap {
  invariant(map.assignmentOf(created) === null, 'a split creates a partition that is new');
  const split = map.rangeOf(at as Parameters<PartitionMap['rangeOf']>[0]);
  invariant(split.start < at && at < split.end, 'a split leaves points on both sides');
  const ranges = map.data.ranges.flatMap((range) =>
    range === split
      ? [
          { ...range, end: at },
          { ...range, start: at, partition: created },
        ]
      : [range],
  );
  const source = map.assignmentOf(split.partition) as PartitionAssignment;
  const born = { ...source, partition: created, generation: 1 };
  return next(map, ranges, [...touch(map, [source.partition]), born]);
}

/** Hands all points of `from` to `into`; `from` leaves the map. */
export function mergePartitions(
  map: PartitionMap,
  from: PartitionId,
  into: PartitionId,
): PartitionMap {
  invariant(from !== into, 'a partition is merged into another one');
  invariant(map.assignmentOf(into) !== null, 'a merge has a known destination');
  invariant(map.assignmentOf(from) !== null, 'a merge has a known source');
  const ranges = map.data.ranges.map((range) =>
    range.partition === from ? { ...range, partition: into } : range,
  );
  const kept = touch(map, [into]).filter((entry) => entry.partition !== from);
  return next(map, joinNeighbours(ranges), kept);
}

/** Records a finished change of replicas. */
export function withReplicas(
  map: PartitionMap,
  partition: PartitionId,
  voters: readonly NodeName[],
  learners: readonly NodeName[],
): PartitionMap {
  invariant(map.assignmentOf(partition) !== null, 'replicas change for a known partition');
  invariant(voters.length > 0, 'a partition keeps at least one voter');
  const partitions = touch(map, [partition]).map((entry) =>
    entry.partition === partition
      ? { ...entry, voters: [...voters].sort(), learners: [...learners].sort() }
      : entry,
  );
  return next(map, map.data.ranges, partitions);
}

function touch(map: PartitionMap, touched: readonly PartitionId[]): PartitionAssignment[] {
  return map.data.partitions.map((entry) =>
    touched.includes(entry.partition) ? { ...entry, generation: entry.generation + 1 } : entry,
  );
}

function joinNeighbours(ranges: readonly PointRange[]): PointRange[] {
  const joined: PointRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last?.partition === range.partition)
      joined[joined.length - 1] = { ...last, end: range.end };
    else joined.push(range);
  }
  return joined;
}

function next(
  map: PartitionMap,
  ranges: readonly PointRange[],
  partitions: readonly PartitionAssignment[],
): PartitionMap {
  const sorted = [...partitions].sort((a, b) => a.partition - b.partition);
  return PartitionMap.from({
    format: 1,
    generation: map.generation + 1,
    ranges,
    partitions: sorted,
  });
}
