import type { Clock, LogTime, PartitionId, Term } from '@metad/foundation';
import type { Logger } from '../app/logger.js';
import { encodeExpiry } from '../decide/index.js';
import type { LogClocks } from './log-clocks.js';
import type { PartitionDirectory } from './partition-directory.js';
import type { PartitionMachines } from './partition-machines.js';
import type { Consensus } from './consensus.js';

const roundMs = 100;
/** Records named in one entry; more wait for the next round. */
const expiriesPerEntryMax = 256;

/**
 * Ends times to live. The leader of a partition proposes an entry that names what it believes is
 * over; every replica checks it again when it is applied. Only an entry ends a lease, so that all
 * nodes agree, and a leader without a quorum ends none.
 */
export class LeaseExpiry {
  /** Committed so far, for metrics. */
  expired = 0;
  private cancel: (() => void) | null = null;
  /** Partitions whose proposal is under way: one at a time for each. */
  private readonly proposing = new Set<PartitionId>();

  constructor(
    private readonly consensus: Consensus,
    private readonly machines: PartitionMachines,
    private readonly directory: PartitionDirectory,
    private readonly logClocks: LogClocks,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.cancel ??= this.clock.after(roundMs, this.round);
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private readonly round = (): void => {
    for (const partition of this.consensus.ledPartitions()) {
      if (this.machines.has(partition) && !this.proposing.has(partition)) this.expire(partition);
    }
    this.cancel = this.clock.after(roundMs, this.round);
  };

  private expire(partition: PartitionId): void {
    const machine = this.machines.user(partition);
    const term = this.consensus.termOf(partition);
    if (term === null || !machine.records.leases.hasLeases) return;
    const now = this.logClocks.stamp(partition, term);
    const isMeasuring = machine.isLeaseClockStarted(term);
    const due = machine.takeDueExpiries(term, now, expiriesPerEntryMax);
    // A new leader's first entry only begins to measure: every lease gets its full time again.
    if (isMeasuring && due.length === 0) return;
    this.proposing.add(partition);
    const records = due.map(({ kind, namespace, key, version }) => ({
      kind,
      namespace,
      key,
      version,
    }));
    void this.propose(partition, term, now, records);
  }

  private async propose(
    partition: PartitionId,
    term: Term,
    time: LogTime,
    records: Parameters<typeof encodeExpiry>[1]['records'],
  ): Promise<void> {
    try {
      const level = this.directory.cluster().featureLevel;
      await this.consensus.propose(partition, encodeExpiry({ time, level }, { term, records }));
      this.expired += records.length;
    } catch (error) {
      // Tried again in a later round, by this leader or the next.
      this.logger.debug({ partition, term, err: error }, 'an expiry was not committed');
    } finally {
      this.proposing.delete(partition);
    }
  }
}
