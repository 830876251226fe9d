import { setTimeout as sleep } from 'node:timers/promises';
import { subjectsUnder } from '@metad/contract';
import type { Requester } from '../service-requester.js';

/** What the nodes say about who leads. */
export interface Leadership {
  /** User partitions known to any node, ascending. */
  readonly partitions: readonly number[];
  /** The system partition included. */
  readonly leaderless: readonly number[];
}

interface DescribedPartition {
  readonly partition: number;
  readonly role: string;
}

const requestMs = 1_000;
const pollMs = 100;

/** Asks every node at once. A node that does not answer contributes nothing. */
export async function readLeadership(
  requester: Requester,
  nodes: readonly string[],
  prefix: string,
): Promise<Leadership> {
  const subjects = subjectsUnder(prefix);
  const answers = await Promise.all(
    nodes.map((node) =>
      requester
        .request(subjects.admin(node, 'partition', 'describe'), {}, requestMs)
        .then(readItems, () => []),
    ),
  );
  const all = answers.flat();
  const known = [...new Set(all.map((item) => item.partition))].sort((a, b) => a - b);
  const led = new Set(all.filter((item) => item.role === 'leader').map((item) => item.partition));
  return {
    partitions: known.filter((partition) => partition > 0),
    leaderless: known.filter((partition) => !led.has(partition)),
  };
}

/**
 * Waits until every partition has a leader; returns the number of user partitions. A new cluster
 * must show as many as it was asked for; an old one knows better than the flags.
 */
export async function untilAllLed(
  requester: Requester,
  nodes: readonly string[],
  options: {
    prefix: string;
    expected: number | null;
    timeoutMs: number;
    isStopping: () => boolean;
  },
): Promise<number> {
  const deadline = Date.now() + options.timeoutMs;
  for (;;) {
    const { partitions, leaderless } = await readLeadership(requester, nodes, options.prefix);
    const enough = partitions.length >= (options.expected ?? 1);
    if (enough && leaderless.length === 0) return partitions.length;
    if (options.isStopping()) return 0;
    if (Date.now() > deadline) {
      const seen = `${partitions.length} partitions known`;
      throw new Error(`no leader for partitions ${leaderless.join(', ') || '(none)'}; ${seen}`);
    }
    await sleep(pollMs);
  }
}

function readItems(reply: unknown): DescribedPartition[] {
  const items = (reply as { items?: unknown }).items;
  if (!Array.isArray(items)) return [];
  return items.filter(
    (item: Partial<DescribedPartition>): item is DescribedPartition =>
      typeof item.partition === 'number' && typeof item.role === 'string',
  );
}
