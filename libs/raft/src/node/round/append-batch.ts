import type { HardState, Ready } from '../../core/index.js';
import type { PartitionWrite } from '../../storage/log-port.js';
import type { Partition } from '../partition/partition.js';

/**
 * The commit index on disk is a hint: after a restart what it covers need not be heard of again
 * before it is applied. It rides with a write when it has moved by so many entries, so that a
 * partition that writes one entry at a time does not pay for two records.
 */
const commitHintEntries = 64;

/** A Ready in a batch: what it writes, which may be nothing, and whom to tell afterwards. */
export interface BatchItem extends PartitionWrite {
  readonly owner: Partition;
  readonly ready: Ready;
}

/**
 * The Readys that one durable write makes true, in the order in which they were taken. Readys with
 * nothing to write stand here too when an earlier one of their partition does: acknowledgements
 * keep their order.
 */
export class AppendBatch {
  readonly items: BatchItem[] = [];
  entries = 0;
  durable = false;

  add(owner: Partition, ready: Ready): void {
    const { entries, snapshot } = ready;
    const hardState = dueHardState(owner);
    this.entries += entries.length;
    this.items.push({ partition: owner.id, hardState, snapshot, entries, owner, ready });
    owner.openBatch = this;
  }

  /** Puts a Ready behind those of its partition without writing anything. */
  acknowledge(owner: Partition, ready: Ready): void {
    const { entries, snapshot } = ready;
    this.items.push({ partition: owner.id, hardState: null, snapshot, entries, owner, ready });
    owner.openBatch = this;
  }
}

/** Term and vote are due when they change. */
function dueHardState(partition: Partition): HardState | null {
  const { hardState: now, hardStateWritten: before, commit } = partition;
  if (now === null) return null;
  if (before !== null && now.term === before.term && now.vote === before.vote) {
    if (commit - before.commit < commitHintEntries) return null;
  }
  const due = { term: now.term, vote: now.vote, commit };
  partition.hardStateWritten = due;
  return due;
}
