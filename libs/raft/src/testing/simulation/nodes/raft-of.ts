import type { PartitionId } from '@metad/foundation';
import type { Replica } from '../../../core/index.js';
import type { RaftState } from '../../../core/state/raft-state.js';
import type { Engine } from '../../../node/engine.js';
import type { Partition } from '../../../node/partition/partition.js';
import type { RaftNode } from '../../../node/raft-node-port.js';

// The one place that looks inside: for the oracle, which compares logs, and for planted bugs.

/** The state inside a replica. */
export const raftOf = (replica: Replica): RaftState =>
  (replica as unknown as { readonly raft: RaftState }).raft;

/** The partition inside a node. */
export function partitionOf(node: RaftNode, id: PartitionId): Partition {
  const { engine } = node as unknown as { readonly engine: Engine };
  const found = engine.partitions.get(id);
  if (found === undefined) throw new Error(`no partition ${id}`);
  return found;
}
