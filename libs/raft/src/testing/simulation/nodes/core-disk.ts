import { logIndex, term } from '@metad/foundation';
import type { ConfState, HardState, Ready } from '../../../core/index.js';
import { MemoryLog } from '../../memory-log.js';
import type { DiskFaults } from '../faults/plan.js';
import type { Host } from '../world/host.js';

/** No disk is slower than this. */
const delayMsMax = 3_000;

interface UnderWay {
  readonly ready: Ready;
  readonly image: Uint8Array | null;
  readonly done: () => void;
}

/**
 * The disk of a node that is only a core: one write at a time, durable after a while. A crash keeps
 * some of the writes that were given to it, in order, and may tear the last one.
 */
export class CoreDisk {
  readonly log: MemoryLog;
  hardState: HardState = { term: term(0), vote: null, commit: logIndex(0) };
  /** The state machine's image that belongs to the log's snapshot. */
  image: Uint8Array | null = null;
  readonly counts = { writes: 0, stalls: 0, lostWrites: 0, tornWrites: 0 };
  faults: DiskFaults = { syncMs: 1, laggardFactor: 1, stalling: 0, stallMs: 0 };
  /** Syncs take so many times longer. */
  slowness = 1;
  private queue: UnderWay[] = [];
  private busy = false;

  constructor(
    private readonly host: Host,
    conf: ConfState,
  ) {
    this.log = new MemoryLog(conf);
  }

  /** `done` is called when this write and all before it are durable. */
  write(ready: Ready, image: Uint8Array | null, done: () => void): void {
    this.queue.push({ ready, image, done });
    this.work();
  }

  /** The process dies: what was not synced is lost, all of it or from somewhere on. */
  crash(): void {
    const { random } = this.host.world;
    const kept = random.below(this.queue.length + 1);
    this.queue.slice(0, kept).forEach(({ ready, image }) => this.store(ready, image));
    const torn = this.queue[kept];
    this.counts.lostWrites += this.queue.length - kept;
    this.queue = [];
    this.busy = false;
    if (torn === undefined || torn.ready.snapshot !== null || random.below(2) === 0) return;
    // Records are written in order: some entries may have reached the disk, the hard state not.
    this.counts.tornWrites += 1;
    const { entries } = torn.ready;
    const prefix = entries.slice(0, random.below(entries.length + 1));
    // A log whose newest term is above the stored one cannot be: the hard state comes first then.
    const last = prefix[prefix.length - 1];
    if (last !== undefined && last.term <= this.hardState.term) this.log.write(prefix, null);
  }

  private store(ready: Ready, image: Uint8Array | null): void {
    this.counts.writes += 1;
    this.log.write(ready.entries, ready.snapshot);
    if (image !== null) this.image = image;
    if (ready.hardState !== null) this.hardState = ready.hardState;
  }

  /** All that gathered goes in one write. */
  private work(): void {
    if (this.busy || this.queue.length === 0) return;
    this.busy = true;
    const count = this.queue.length;
    this.host.later(this.delay(), () => {
      this.busy = false;
      const written = this.queue.splice(0, count);
      for (const { ready, image } of written) this.store(ready, image);
      for (const { done } of written) done();
      this.work();
    });
  }

  private delay(): number {
    const { random } = this.host.world;
    const { syncMs, stalling, stallMs } = this.faults;
    if (random.fraction() < stalling) {
      this.counts.stalls += 1;
      return stallMs * random.fraction();
    }
    return Math.min(delayMsMax, 0.1 + random.fraction() * syncMs * 2 * this.slowness);
  }
}
