import { MetadError, type PositionPart } from '@metad/contract';
import { PositionCompacted, type EventSource } from '../../dispatch/event-source.js';
import { CatchUp } from './catch-up.js';
import type { WatchFilter } from '../watch-filter.js';
import type { WatchHub } from '../channel/watch-hub.js';
import type { ResetReason, WatchMessages } from '../watch-message.js';
import type { WatchedPartitions, WatchedRecords, WatchSink } from '../watch-ports.js';
import { startIn, type WatchStart } from '../watch-request.js';
import { sendSnapshot } from './watch-snapshot.js';
import { Watcher } from './watcher.js';
import type { WindowLimits } from './watch-window.js';

export interface SessionLimits {
  readonly watchersMax: number;
  readonly snapshotsMax: number;
  /** Looked at once a second: what clients are promised is 5 s. */
  readonly progressMs: number;
  /** A mark that waits for its answer as long as this ends the watch. */
  readonly silenceMs: number;
  readonly window?: WindowLimits;
}

export const defaultSessionLimits: SessionLimits = {
  watchersMax: 4_096,
  snapshotsMax: 8,
  progressMs: 3_500,
  silenceMs: 15_000,
};

/** What the sessions work with. */
export interface SessionParts {
  readonly hub: WatchHub;
  readonly source: EventSource;
  readonly partitions: WatchedPartitions;
  readonly records: WatchedRecords;
  readonly messages: WatchMessages;
  /** Monotonic milliseconds. */
  now(): number;
  onUnexpected(error: unknown): void;
}

/** All open watches of this node: begins them, keeps them alive, and ends them. */
export class WatchSessions {
  /** How many watches were ended, by the reason that they were told. */
  readonly resets = new Map<ResetReason, number>();
  private readonly watchers = new Set<Watcher>();
  private readonly catchUp: CatchUp;
  private snapshots = 0;
  private incarnation: string | null = null;

  constructor(
    private readonly parts: SessionParts,
    private readonly limits: SessionLimits = defaultSessionLimits,
  ) {
    const { hub, source, messages, records, partitions } = parts;
    const now = (): number => parts.now();
    this.catchUp = new CatchUp(hub, source, messages, records, now, (watcher, error) =>
      this.fail(watcher, error),
    );
    partitions.onChange(() => this.onPartitions());
  }

  get size(): number {
    return this.watchers.size;
  }

  /** Throws OVERLOADED at the limit of watches or of snapshots under way. */
  open(filter: WatchFilter, from: WatchStart, sink: WatchSink): Watcher {
    const { parts, limits } = this;
    if (this.watchers.size >= limits.watchersMax)
      throw overloaded('watchersMax', limits.watchersMax);
    if (from === 'snapshot' && this.snapshots >= limits.snapshotsMax) {
      throw overloaded('watchSnapshotsMax', limits.snapshotsMax);
    }
    const watcher = new Watcher(filter, sink, () => parts.now(), limits.window);
    this.watchers.add(watcher);
    if (from === 'snapshot') void this.beginWithSnapshot(watcher);
    else this.begin(watcher, from === 'now' ? [] : from);
    return watcher;
  }

  /** Ends a watch quietly, as its consumer asked for or because it is gone. */
  close(watcher: Watcher): void {
    this.finish(watcher, null);
  }

  /**
   * Called about once a second: progress for all, an end for the silent. Also whoever gets events
   * all the time needs it: they tell nothing of the partitions in which nothing happens.
   */
  sweep(): void {
    const { hub, messages } = this.parts;
    const now = this.parts.now();
    this.catchUp.sweep();
    let shared: string | null = null;
    for (const watcher of this.watchers) {
      if (watcher.silenceMs() >= this.limits.silenceMs) this.reset(watcher, 'SLOW_CONSUMER');
      else if (now - watcher.progressAt >= this.limits.progressMs && watcher.hasRoom) {
        if (!hub.follows(watcher)) continue;
        const isLive = watcher.isLiveEverywhere;
        const position = isLive ? (shared ??= hub.positionOf(null)) : hub.positionOf(watcher);
        watcher.progressAt = now;
        watcher.send(messages.progress(position, watcher.messages), true);
      }
    }
  }

  /** Where a watch stands; null while its snapshot is being sent. */
  positionOf(watcher: Watcher): string | null {
    return this.parts.hub.follows(watcher) ? this.parts.hub.positionOf(watcher) : null;
  }

  /** Sends every watcher to another node; nothing is lost, since each is told where to go on. */
  stop(): void {
    for (const watcher of [...this.watchers]) this.reset(watcher, 'NODE_STOPPING');
  }

  private begin(watcher: Watcher, from: readonly PositionPart[]): void {
    const { hub, partitions } = this.parts;
    for (const partition of partitions.partitions()) {
      const index = startIn(partition, from);
      if (index === null) hub.cursorOf(partition);
      else watcher.behind.set(partition, { cursor: index, previous: index });
    }
    hub.join(watcher);
    this.catchUp.begin(watcher);
  }

  private async beginWithSnapshot(watcher: Watcher): Promise<void> {
    const { hub, partitions, records, messages } = this.parts;
    this.snapshots += 1;
    try {
      await sendSnapshot(watcher, partitions, records, messages);
      if (watcher.ended) return;
      hub.join(watcher);
      this.catchUp.begin(watcher);
    } catch (error) {
      this.fail(watcher, error);
    } finally {
      this.snapshots -= 1;
    }
  }

  private fail(watcher: Watcher, error: unknown): void {
    if (!(error instanceof PositionCompacted)) this.parts.onUnexpected(error);
    const reason = error instanceof PositionCompacted ? 'POSITION_COMPACTED' : 'SLOW_CONSUMER';
    this.reset(watcher, reason);
  }

  /** Ends a watch and tells its consumer why. */
  reset(watcher: Watcher, reason: ResetReason): void {
    // After a loss of the link nobody here knows which of the last messages arrived.
    this.resets.set(reason, (this.resets.get(reason) ?? 0) + 1);
    const resumable = reason === 'SLOW_CONSUMER' || reason === 'NODE_STOPPING';
    const available = resumable ? this.positionOf(watcher) : null;
    this.finish(watcher, this.parts.messages.reset(reason, available));
  }

  private finish(watcher: Watcher, last: Uint8Array | null): void {
    if (!this.watchers.delete(watcher)) return;
    this.parts.hub.leave(watcher);
    watcher.end(last);
  }

  private onPartitions(): void {
    const { partitions, hub } = this.parts;
    const before = this.incarnation;
    this.incarnation = partitions.incarnation();
    if (before === null || before === this.incarnation) hub.trackAll();
    else {
      for (const watcher of [...this.watchers]) this.reset(watcher, 'INCARNATION_CHANGED');
      hub.restart();
    }
  }
}

const overloaded = (limit: string, max: number): MetadError =>
  new MetadError('OVERLOADED', `this node has ${max} watches of that sort; ask another`, {
    limit,
    max,
    retryAfterMs: 1_000,
  });
