import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import type { Consensus } from '../../consensus/consensus.js';
import type { PartitionDirectory } from '../../consensus/partition-directory.js';
import type { ReadBarrier } from '../query-ports.js';

interface Sample {
  readonly takenAt: number;
  /** Monotonic time at which this node was last seen to have applied what it knows. */
  readonly caughtUpAt: number;
  readonly isCaughtUp: boolean;
}

const sampleMs = 25;

/** How fresh this node's state machines are, and the waits that make an answer fresher. */
export class NodeBarrier implements ReadBarrier {
  /** Monotonic time at which a read index, since reached, was asked for. */
  private readonly confirmedAt = new Map<PartitionId, number>();
  private readonly samples = new Map<PartitionId, Sample>();

  constructor(
    private readonly consensus: Consensus,
    private readonly directory: PartitionDirectory,
    private readonly clock: Clock,
  ) {}

  incarnation(): string {
    return this.directory.cluster().incarnation;
  }

  partitions(): readonly PartitionId[] {
    return this.directory.map().partitions();
  }

  appliedIndex(partition: PartitionId): LogIndex {
    return this.consensus.node.appliedIndex(partition);
  }

  readIndex(partition: PartitionId, timeoutMs: number): Promise<LogIndex> {
    return this.consensus.readIndex(partition, timeoutMs);
  }

  reach(partition: PartitionId, index: LogIndex, timeoutMs: number): Promise<void> {
    return this.consensus.reach(partition, index, timeoutMs);
  }

  /**
   * An upper bound, exact in that nothing acknowledged longer before the question is missing: the
   * time since a ReadIndex that has been reached here. Asks the leader when the last answer is
   * older than `enoughMs`, and is then 0; infinite when there is none to ask.
   */
  async boundMs(partition: PartitionId, enoughMs: number, timeoutMs: number): Promise<number> {
    const now = this.clock.monotonic();
    const last = this.confirmedAt.get(partition);
    if (last !== undefined && now - last <= enoughMs) return now - last;
    try {
      await this.consensus.linearize(partition, timeoutMs);
    } catch {
      return last === undefined ? Number.POSITIVE_INFINITY : this.clock.monotonic() - last;
    }
    this.confirmedAt.set(partition, now);
    return 0;
  }

  /**
   * An estimate for replies: 0 while this node hears a leader and has applied what it knows. A
   * partition is looked at again after `sampleMs`: a full status for every query costs more than
   * the query.
   */
  lagMs(partition: PartitionId): number {
    const now = this.clock.monotonic();
    let sample = this.samples.get(partition);
    if (sample === undefined || now - sample.takenAt > sampleMs) {
      const status = this.consensus.node.status(partition);
      const isCaughtUp =
        status !== null && status.leader !== null && status.applied >= status.commit;
      const caughtUpAt = isCaughtUp ? now : (sample?.caughtUpAt ?? now);
      sample = { takenAt: now, caughtUpAt, isCaughtUp };
      this.samples.set(partition, sample);
    }
    return sample.isCaughtUp ? 0 : now - sample.caughtUpAt;
  }
}
