import { z } from 'zod';
import { MetadError } from '@metad/contract';
import { partitionId, type PartitionId } from '@metad/foundation';
import type { PartitionStatus, RaftNode } from '@metad/raft';
import type { PartitionMachines } from '../consensus/partition-machines.js';
import type { AdminRouter } from './admin-router.js';
import type { PartitionTransfer } from './partition-transfer.js';

const partition = z.int().min(0).max(1_000_000);

/** `partition.describe` and `partition.transfer`: consensus as this node sees it. */
export function registerPartitionVerbs(
  router: AdminRouter,
  node: RaftNode,
  machines: PartitionMachines,
  transfer: PartitionTransfer,
): void {
  router.register({
    noun: 'partition',
    verb: 'describe',
    schema: z.strictObject({ partition: partition.optional() }),
    changes: false,
    handle: async ({ partition: one }) => {
      const wanted = one === undefined ? node.partitions() : [partitionId(one)];
      const statuses = wanted.map((id) => node.status(id));
      if (statuses.includes(null)) throw notHere(one);
      return { items: statuses.map((status) => describe(status as PartitionStatus, machines)) };
    },
  });
  router.register({
    noun: 'partition',
    verb: 'transfer',
    schema: z.strictObject({
      partition,
      to: z.string().min(1).max(64),
      forwarded: z.boolean().optional(),
    }),
    changes: true,
    handle: (request) => transfer.run(request),
  });
}

/** The contract's row of `partition.describe`. */
function describe(status: PartitionStatus, machines: PartitionMachines): Record<string, unknown> {
  const { partition: id, role, term, leader, commit, applied, lastIndex, firstIndex } = status;
  const { conf, state, reason } = status;
  return {
    partition: id,
    role,
    term,
    leader,
    commitIndex: commit,
    appliedIndex: applied,
    firstIndex,
    lastIndex,
    voters: conf.voters,
    learners: conf.learners,
    digest: digestOf(id, machines),
    state,
    ...(reason !== null && { reason }),
  };
}

function digestOf(id: PartitionId, machines: PartitionMachines): string | null {
  return machines.has(id) ? machines.user(id).digest() : null;
}

const notHere = (id: number | undefined): MetadError =>
  new MetadError('NOT_FOUND', `this node has no replica of partition ${id}`, { partition: id });
