import { invariant, partitionId } from '@metad/foundation';
import type { NodeName, PartitionId } from '@metad/foundation';
import type { PartitionAssignment, PointRange } from './partition-map-data.js';
import { PartitionMap } from './partition-map.js';
import { POINTS } from './routing-key.js';

/** Voters of partition 0 beyond these would slow every membership change and add no safety. */
const systemVotersMax = 5;

export interface BootstrapOptions {
  /** Initial members, any order. */
  readonly members: readonly NodeName[];
  /** User partitions, at least 1. */
  readonly partitions: number;
  /** Voters for each user partition; fewer when there are fewer members. */
  readonly replicas: number;
}

/** The first map of a cluster: every node computes the same one from the same settings. */
export function bootstrapMap(options: BootstrapOptions): PartitionMap {
  const members = sortedMembers(options.members);
  invariant(options.partitions >= 1, 'a cluster has at least one user partition');
  const count = options.partitions;
  const partitions = Array.from({ length: count }, (_, at) => assign(at, members, options));
  const ranges = cutPoints(count);
  return PartitionMap.from({ format: 1, generation: 1, ranges, partitions });
}

/**
 * Replicas of partition 0: every node holds one, since every node routes by the map; the first
 * five members vote.
 */
export function bootstrapSystemReplicas(
  members: readonly NodeName[],
): Pick<PartitionAssignment, 'voters' | 'learners'> {
  const sorted = sortedMembers(members);
  return { voters: sorted.slice(0, systemVotersMax), learners: sorted.slice(systemVotersMax) };
}

/** n ranges in order, the first (2³¹ mod n) of them one point longer. */
function cutPoints(count: number): PointRange[] {
  const length = Math.floor(POINTS / count);
  const longer = POINTS % count;
  let start = 0;
  return Array.from({ length: count }, (_, at) => {
    const end = start + length + (at < longer ? 1 : 0);
    const range = { start, end, partition: partitionId(at + 1) };
    start = end;
    return range;
  });
}

/** Replica sets rotate through the members, so that each holds about as many as any other. */
function assign(
  at: number,
  members: readonly NodeName[],
  options: BootstrapOptions,
): PartitionAssignment {
  const partition: PartitionId = partitionId(at + 1);
  const replicas = Math.min(options.replicas, members.length);
  const voters = Array.from(
    { length: replicas },
    (_, offset) => members[(at + offset) % members.length] as NodeName,
  );
  return { partition, generation: 1, voters: voters.sort(byName), learners: [] };
}

function sortedMembers(members: readonly NodeName[]): NodeName[] {
  invariant(members.length > 0, 'a cluster has at least one member');
  invariant(new Set(members).size === members.length, 'a member is named once');
  return [...members].sort(byName);
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
