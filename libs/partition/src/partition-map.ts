import { invariant } from '@metad/foundation';
import type { NodeName, PartitionId } from '@metad/foundation';
import type { PartitionAssignment, PartitionMapData, PointRange } from './partition-map-data.js';
import { POINTS } from './routing-key.js';
import type { Point } from './routing-key.js';

/**
 * Which partition owns a point, and which nodes hold it. Immutable: a change makes a new map with
 * the next generation, and raises the generation of every partition it touches, so that whoever
 * still routes by an older map can be told so (`PARTITION_MOVED`).
 */
export class PartitionMap {
  /** First points of the ranges, for the binary search. */
  private readonly starts: Float64Array;
  private readonly byId: ReadonlyMap<PartitionId, PartitionAssignment>;

  private constructor(readonly data: PartitionMapData) {
    this.starts = Float64Array.from(data.ranges, (range) => range.start);
    this.byId = new Map(data.partitions.map((entry) => [entry.partition, entry]));
  }

  /** Checks the data's shape; throws `InvariantViolation` on a gap, overlap or unknown owner. */
  static from(data: PartitionMapData): PartitionMap {
    const map = new PartitionMap(data);
    let end = 0;
    for (const range of data.ranges) {
      invariant(range.start === end && range.end > range.start, 'ranges follow without gap');
      invariant(map.byId.has(range.partition), 'every range has a known owner');
      end = range.end;
    }
    invariant(end === POINTS, 'ranges cover every point');
    invariant(map.byId.size === data.partitions.length, 'a partition is listed once');
    return map;
  }

  get generation(): number {
    return this.data.generation;
  }

  /** The owner of a point. */
  ownerOf(point: Point): PartitionId {
    return this.rangeOf(point).partition;
  }

  rangeOf(point: Point): PointRange {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.starts[middle] as number) <= point) low = middle;
      else high = middle - 1;
    }
    return this.data.ranges[low] as PointRange;
  }

  assignmentOf(partition: PartitionId): PartitionAssignment | null {
    return this.byId.get(partition) ?? null;
  }

  rangesOf(partition: PartitionId): readonly PointRange[] {
    return this.data.ranges.filter((range) => range.partition === partition);
  }

  /** User partitions in order. */
  partitions(): readonly PartitionId[] {
    return this.data.partitions.map((entry) => entry.partition);
  }

  /** Partitions of which `node` holds a replica, voting or learning. */
  partitionsOn(node: NodeName): readonly PartitionId[] {
    return this.data.partitions
      .filter((entry) => entry.voters.includes(node) || entry.learners.includes(node))
      .map((entry) => entry.partition);
  }
}
