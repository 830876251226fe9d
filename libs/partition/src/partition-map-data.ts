import type { NodeName, PartitionId } from '@metad/foundation';

/** Points [start, end) belong to `partition`. */
export interface PointRange {
  readonly start: number;
  readonly end: number;
  readonly partition: PartitionId;
}

/** One partition: who holds its replicas, and how often its ranges or replicas have changed. */
export interface PartitionAssignment {
  readonly partition: PartitionId;
  /** 1 at creation, +1 on every change of ranges or replicas; a stale route is refused by it. */
  readonly generation: number;
  readonly voters: readonly NodeName[];
  readonly learners: readonly NodeName[];
}

/** The map as replicated in partition 0: plain JSON. All lists sorted. */
export interface PartitionMapData {
  /** Version of this layout. */
  readonly format: 1;
  /** +1 on every change of the map. */
  readonly generation: number;
  /** Cover [0, 2³¹) without gap or overlap, in order. */
  readonly ranges: readonly PointRange[];
  /** Sorted by id; partition 0 is not here, it owns no points. */
  readonly partitions: readonly PartitionAssignment[];
}
