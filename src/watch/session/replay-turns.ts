import { replaysKeptMax } from '../../dispatch/event-source.js';
import type { Watcher } from './watcher.js';

/** Fewer than the replays that are kept: projections read old entries, too. */
const turnsMax = replaysKeptMax - 1;
/** Whoever takes nothing for so long gives its turn to the next, and begins a new replay later. */
const idleMsMax = 3_000;

/**
 * Which watchers may replay: a few at a time, the others in the order in which they asked. A turn
 * lasts as long as the replay, also while its watcher has no room for a moment; if more had one
 * than replays are kept, each would find its own gone and begin it anew.
 */
export class ReplayTurns {
  /** Those who have a turn, and when they last went on. */
  private readonly holders = new Map<Watcher, number>();
  /** Those who have asked for one, and what to call when it comes; first come, first served. */
  private readonly waiting = new Map<Watcher, () => void>();

  /** `now`: monotonic milliseconds. */
  constructor(private readonly now: () => number) {}

  has(watcher: Watcher): boolean {
    return this.holders.has(watcher);
  }

  /** Queues the watcher, or tells that the one which has a turn goes on. */
  ask(watcher: Watcher): void {
    if (this.holders.has(watcher)) this.holders.set(watcher, this.now());
    else if (!this.waiting.has(watcher)) this.waiting.set(watcher, () => {});
    this.grant();
  }

  /** Resolves when the watcher, which has asked, has its turn, or has ended. */
  until(watcher: Watcher): Promise<void> {
    if (!this.waiting.has(watcher)) return Promise.resolve();
    return new Promise((resolve) => void this.waiting.set(watcher, resolve));
  }

  leave(watcher: Watcher): void {
    this.holders.delete(watcher);
    this.waiting.delete(watcher);
    this.grant();
  }

  /** Called about once a second. */
  sweep(): void {
    for (const [watcher, resume] of this.waiting) {
      if (!watcher.ended) continue;
      this.waiting.delete(watcher);
      resume();
    }
    if (this.waiting.size === 0) return;
    for (const [watcher, wentOnAt] of this.holders) {
      if (!watcher.hasRoom && this.now() - wentOnAt >= idleMsMax) this.holders.delete(watcher);
    }
    this.grant();
  }

  private grant(): void {
    for (const [watcher, resume] of this.waiting) {
      if (this.holders.size >= turnsMax) return;
      this.waiting.delete(watcher);
      this.holders.set(watcher, this.now());
      resume();
    }
  }
}
