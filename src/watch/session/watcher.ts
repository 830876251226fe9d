import type { PartitionId } from '@metad/foundation';
import type { WatchFilter } from '../watch-filter.js';
import type { WatchSink } from '../watch-ports.js';
import { WatchWindow, type WindowLimits } from './watch-window.js';

/** Where a watcher stands in a partition that it does not follow live. */
export interface Behind {
  /** Everything up to here has been sent, as far as it passes the filter. */
  readonly cursor: number;
  /** Index of the last event that passed, or where the watch began. */
  readonly previous: number;
}

/**
 * One open watch. In each partition it is either live (the hub hands it what passes, as it is
 * applied) or behind (a catch-up reads for it from its own cursor). It holds no messages: when its
 * window is full it falls behind, and what it missed is read again from the log.
 */
export class Watcher {
  readonly behind = new Map<PartitionId, Behind>();
  /** Live partitions in which it has read further than the hub: what it must not get again. */
  private readonly ahead = new Map<PartitionId, number>();
  private readonly window: WatchWindow;
  private wake: (() => void) | null = null;
  private hasEnded = false;
  /** A catch-up works for it at the moment. */
  catchingUp = false;
  /** When it was last told how far it has come in every partition, or began. */
  progressAt: number;
  /** Messages sent. */
  messages = 0;

  constructor(
    readonly filter: WatchFilter,
    private readonly sink: WatchSink,
    private readonly now: () => number,
    limits?: WindowLimits,
  ) {
    this.window = new WatchWindow(limits);
    this.progressAt = now();
  }

  get ended(): boolean {
    return this.hasEnded;
  }

  get hasRoom(): boolean {
    return this.window.isOpen;
  }

  /** True when the hub alone moves it: its position is the hub's. */
  get isLiveEverywhere(): boolean {
    return this.behind.size === 0 && this.ahead.size === 0;
  }

  silenceMs(): number {
    return this.window.silenceMs(this.now());
  }

  /** Whether the hub shall hand it the events of a live entry; falls behind when it has no room. */
  takes(partition: PartitionId, index: number, previous: number): boolean {
    if (this.behind.has(partition)) return false;
    const skipped = this.ahead.get(partition);
    if (skipped !== undefined) {
      if (index <= skipped) return false;
      this.ahead.delete(partition);
    }
    if (this.window.isOpen) return true;
    this.behind.set(partition, { cursor: index - 1, previous });
    return false;
  }

  /** The catch-up has reached the hub, or passed it: from here on the hub delivers. */
  becomeLive(partition: PartitionId, hubCursor: number): void {
    const { cursor = hubCursor } = this.behind.get(partition) ?? {};
    this.behind.delete(partition);
    if (cursor > hubCursor) this.ahead.set(partition, cursor);
  }

  /** How far it has come in a partition in which the hub stands at `hubCursor`. */
  positionIn(partition: PartitionId, hubCursor: number): number {
    return (
      this.behind.get(partition)?.cursor ?? Math.max(this.ahead.get(partition) ?? 0, hubCursor)
    );
  }

  send(message: Uint8Array, mustMark = false): void {
    if (this.hasEnded) return;
    this.messages += 1;
    this.sink.send(message, this.window.sent(message.length, this.now(), mustMark));
  }

  answered(mark: number): void {
    this.window.answered(mark);
    if (this.window.isOpen) this.resume();
  }

  /** Resolves when there is room again, or the watch has ended. */
  untilRoom(): Promise<void> {
    if (this.hasEnded || this.window.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  end(last: Uint8Array | null): void {
    if (this.hasEnded) return;
    if (last !== null) this.sink.send(last, null);
    this.hasEnded = true;
    this.behind.clear();
    this.ahead.clear();
    this.sink.close();
    this.resume();
  }

  private resume(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }
}
