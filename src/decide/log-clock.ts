import type { LogTime } from '@metad/foundation';

/**
 * Stamps the log time of the entries that one leader proposes, in one term. It reads the wall clock
 * once, at the start of its term, and from then on a monotonic one: a wall clock that is set while
 * a node leads neither ends a lease early nor makes one last. Leases are measured within a term
 * only (see `LeaseSchedule`), so two leaders whose clocks disagree do no harm either.
 *
 * Missing: log time does not follow a wall clock that is corrected while this node leads.
 */
export class LogClock {
  private readonly offset: number;

  /** All in milliseconds; `lastLogTime` is that of the newest entry known. */
  constructor(wallNow: number, monotonicNow: number, lastLogTime: number) {
    this.offset = Math.max(Math.floor(wallNow), lastLogTime + 1) - monotonicNow;
  }

  /** The log time for an entry proposed now. */
  stamp(monotonicNow: number): LogTime {
    return Math.floor(this.offset + monotonicNow) as LogTime;
  }
}
