import type { Beat } from '../frame/round-frame.js';
import type { Partition } from '../partition/partition.js';

/** Weight of the newest interval in a partition's load: about the last ten count. */
const loadSmoothing = 0.1;

/** What this node says about itself in every frame, and the loads that it is made of. */
export class OwnBeat {
  current: Beat;

  constructor(boot: number) {
    this.current = { boot, draining: false, readsCommits: true, leaders: 0, load: 0 };
  }

  /** An interval of so many seconds ended: loads and leaderships as they are now. */
  measure(partitions: Iterable<Partition>, seconds: number): void {
    let leaders = 0;
    let load = 0;
    for (const partition of partitions) {
      const perSecond = partition.appliedSince / seconds;
      partition.load += (perSecond - partition.load) * loadSmoothing;
      partition.appliedSince = 0;
      if (partition.role !== 'leader') continue;
      leaders += 1;
      load += partition.load;
    }
    this.current = { ...this.current, leaders, load };
  }

  /** While it drains, nobody gives a leadership to this node. */
  setDraining(draining: boolean): void {
    this.current = { ...this.current, draining };
  }
}
