import type { Clock, LogTime, PartitionId, Term } from '@metad/foundation';
import { LogClock } from '../decide/index.js';
import type { PartitionMachines } from './partition-machines.js';

interface TermClock {
  readonly term: Term;
  readonly clock: LogClock;
}

/** Stamps log time for the partitions that this node leads; a new term begins a new measure. */
export class LogClocks {
  private readonly clocks = new Map<PartitionId, TermClock>();

  constructor(
    private readonly machines: PartitionMachines,
    private readonly clock: Clock,
  ) {}

  stamp(partition: PartitionId, term: Term): LogTime {
    const now = this.clock.monotonic();
    let measured = this.clocks.get(partition);
    if (measured?.term !== term) {
      const last = this.machines.user(partition).logTime();
      measured = { term, clock: new LogClock(this.clock.now(), now, last) };
      this.clocks.set(partition, measured);
    }
    return measured.clock.stamp(now);
  }
}
