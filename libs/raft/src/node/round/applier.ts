import type { Entry } from '../../core/index.js';
import type { Partition } from '../partition/partition.js';

/** What the applier tells its node. */
export interface ApplyHost {
  readonly entriesPerTurn: number;
  readonly entriesPerPartitionTurn: number;
  /** `count` entries up to `partition.appliedIndex` were consumed. */
  onApplied(partition: Partition, count: number): void;
  /** `apply` threw: this replica stops. */
  onApplyFailed(partition: Partition, error: unknown): void;
}

/**
 * Feeds committed entries to the state machines in fair slices: at most so many entries in a turn,
 * and at most so many of one partition before the next one is served.
 */
export class Applier {
  private waiting: Partition[] = [];

  constructor(private readonly host: ApplyHost) {}

  get isIdle(): boolean {
    return this.waiting.length === 0;
  }

  enqueue(partition: Partition, entries: readonly Entry[]): void {
    partition.applying.push(entries);
    this.resume(partition);
  }

  /** Puts a partition in line, say after its state machine was restored. */
  resume(partition: Partition): void {
    if (partition.applyScheduled || partition.applying.isEmpty) return;
    partition.applyScheduled = true;
    this.waiting.push(partition);
  }

  /** Applies one turn's share. */
  slice(): void {
    let budget = this.host.entriesPerTurn;
    const { waiting } = this;
    this.waiting = [];
    for (const partition of waiting) {
      partition.applyScheduled = false;
      if (partition.state === 'stopped') partition.applying.clear();
      if (partition.state === 'installing' || partition.applying.isEmpty) continue;
      if (budget > 0) budget -= this.applySome(partition, budget);
      this.resume(partition);
    }
  }

  private applySome(partition: Partition, budget: number): number {
    const limit = Math.min(budget, this.host.entriesPerPartitionTurn);
    let count = 0;
    try {
      partition.machine.willApply?.(partition.replica.commitIndex() - partition.appliedIndex);
      for (; count < limit; count += 1) {
        const entry = partition.applying.peek();
        if (entry === null) break;
        applyOne(partition, entry);
        partition.applying.shift();
      }
    } catch (error) {
      this.host.onApplyFailed(partition, error);
      return count;
    }
    if (count > 0) this.host.onApplied(partition, count);
    return count;
  }
}

function applyOne(partition: Partition, entry: Entry): void {
  const { proposals } = partition;
  const result = partition.machine.apply(entry, proposals.attachmentOf(entry));
  partition.appliedIndex = entry.index;
  proposals.applied(entry, result, partition.leader);
}
