import { eventually } from '../process/child.js';
import type { Administration, PartitionDescription } from './administration.js';

const settleMsMax = 90_000;

/**
 * Waits, after healing, until every node has applied at least what was acknowledged to any client
 * and all stand at the same index of every partition. Then their digests must be the same.
 * Returns violations; throws when the nodes do not get there in time.
 */
export async function settle(
  administration: Administration,
  nodes: number,
  acknowledged: ReadonlyMap<number, number>,
): Promise<string[]> {
  let behind = '';
  try {
    return await eventually(
      'the nodes to stand at one index',
      async () => {
        const all = await Promise.all(
          Array.from({ length: nodes }, (_, node) => administration.describe(node)),
        );
        behind = whoIsBehind(all, acknowledged);
        return behind === '' ? compareDigests(all) : null;
      },
      settleMsMax,
    );
  } catch (error) {
    throw new Error(`${String(error)}; ${behind}`);
  }
}

type Descriptions = readonly (readonly PartitionDescription[])[];

function whoIsBehind(all: Descriptions, acknowledged: ReadonlyMap<number, number>): string {
  const heads = new Map(acknowledged);
  for (const { partition, commitIndex } of all.flat()) {
    heads.set(partition, Math.max(heads.get(partition) ?? 0, commitIndex));
  }
  const behind: string[] = [];
  all.forEach((descriptions, node) => {
    for (const { partition, appliedIndex } of descriptions) {
      const head = heads.get(partition) ?? 0;
      if (appliedIndex < head) {
        behind.push(`n${node + 1} partition ${partition}: ${appliedIndex} of ${head}`);
      }
    }
  });
  return behind.join(', ');
}

function compareDigests(all: Descriptions): string[] {
  const faults: string[] = [];
  const first = new Map((all[0] ?? []).map((one) => [one.partition, one]));
  all.forEach((descriptions, node) => {
    for (const { partition, digest, appliedIndex } of descriptions) {
      const other = first.get(partition);
      if (!other || other.appliedIndex !== appliedIndex || other.digest === digest) continue;
      faults.push(
        `partition ${partition} at ${appliedIndex}: digest ${digest} on n${node + 1}, ` +
          `${other.digest} on n1`,
      );
    }
  });
  return faults;
}
