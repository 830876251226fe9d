import { rowsOf } from '../../session/gateway.js';
import type { NodeAnswer } from '../../session/gateway.js';

/** One replica, as its own node describes it (`partition.describe`). */
export interface ReplicaFacts {
  readonly node: string;
  readonly partition: number;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  readonly digest: unknown;
  readonly state?: string;
}

/** One partition, as all reachable nodes together describe it. */
export interface PartitionFacts {
  readonly partition: number;
  /** Null when no reachable node leads it. Of two that believe so, the one of the higher term. */
  readonly leader: string | null;
  readonly term: number;
  readonly commitIndex: number;
  readonly replicas: readonly ReplicaFacts[];
  /** How far the slowest reachable replica is behind the highest known commit. */
  readonly lagEntries: number;
}

export function replicasOf(answers: readonly NodeAnswer[]): ReplicaFacts[] {
  return answers.flatMap(({ node, reply }) =>
    rowsOf(reply).map((row) => ({ ...(row as unknown as ReplicaFacts), node })),
  );
}

/** Ordered by partition. */
export function partitionsOf(replicas: readonly ReplicaFacts[]): PartitionFacts[] {
  const numbers = [...new Set(replicas.map((each) => each.partition))].sort((a, b) => a - b);
  return numbers.map((partition) => {
    const own = replicas.filter((each) => each.partition === partition);
    const leaders = own.filter((each) => each.role === 'leader').sort((a, b) => b.term - a.term);
    const commitIndex = Math.max(...own.map((each) => each.commitIndex));
    return {
      partition,
      leader: leaders[0]?.node ?? null,
      term: Math.max(...own.map((each) => each.term)),
      commitIndex,
      replicas: own,
      lagEntries: Math.max(...own.map((each) => commitIndex - each.appliedIndex)),
    };
  });
}

/** Partitions of which replicas at the same applied index have different digests. */
export function divergent(partitions: readonly PartitionFacts[]): PartitionFacts[] {
  return partitions.filter(({ replicas }) => {
    const byIndex = new Map<number, string>();
    return replicas.some((replica) => {
      if (replica.digest === null || replica.digest === undefined) return false;
      const digest = JSON.stringify(replica.digest);
      const other = byIndex.get(replica.appliedIndex);
      byIndex.set(replica.appliedIndex, digest);
      return other !== undefined && other !== digest;
    });
  });
}
