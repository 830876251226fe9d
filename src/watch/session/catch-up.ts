import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, type PartitionId } from '@metad/foundation';
import type { EventSource } from '../../dispatch/event-source.js';
import { encodeEntry } from '../channel/watch-channel.js';
import { changePasses, type WatchFilter } from '../watch-filter.js';
import type { WatchHub } from '../channel/watch-hub.js';
import type { ChangeText } from '../change-text.js';
import type { WatchMessages } from '../watch-message.js';
import type { WatchedRecords } from '../watch-ports.js';
import { ReplayTurns } from './replay-turns.js';
import type { Behind, Watcher } from './watcher.js';

const entriesPerRead = 128;
/** Catch-ups that read at the same time; the others wait their turn. */
const readersMax = 16;

/** Reads for watchers that are behind, each from its own cursor, until the hub can take over. */
export class CatchUp {
  private reading = 0;
  /** Watchers that are being served. */
  private served = 0;
  private readonly queue: (() => void)[] = [];
  private readonly turns: ReplayTurns;

  /**
   * `now`: monotonic milliseconds. `onFailed` ends the watch: what follows its cursor cannot be
   * read.
   */
  constructor(
    private readonly hub: WatchHub,
    private readonly source: EventSource,
    private readonly messages: WatchMessages,
    private readonly records: WatchedRecords,
    now: () => number,
    private readonly onFailed: (watcher: Watcher, error: unknown) => void,
  ) {
    this.turns = new ReplayTurns(now);
    hub.onBehind = (watcher) => this.begin(watcher);
  }

  /** Returns at once; does nothing when the watcher is already being served. */
  begin(watcher: Watcher): void {
    if (watcher.catchingUp || watcher.ended) return;
    watcher.catchingUp = true;
    this.served += 1;
    void this.run(watcher)
      .catch((error: unknown) => this.onFailed(watcher, error))
      .finally(() => {
        watcher.catchingUp = false;
        this.served -= 1;
        if (watcher.behind.size > 0) this.begin(watcher);
        if (this.served === 0) this.messages.forgetKept();
      });
  }

  /** Called about once a second: who holds up others that replay steps back. */
  sweep(): void {
    this.turns.sweep();
  }

  private async run(watcher: Watcher): Promise<void> {
    try {
      while (!watcher.ended && watcher.behind.size > 0) {
        await watcher.untilRoom();
        await this.untilReadable(watcher);
        await this.enter();
        try {
          for (const [partition] of [...watcher.behind]) await this.follow(watcher, partition);
        } finally {
          this.exit();
        }
      }
    } finally {
      this.turns.leave(watcher);
    }
  }

  /** Waits for a turn to replay where nothing can be read without one. */
  private async untilReadable(watcher: Watcher): Promise<void> {
    const behind = [...watcher.behind.keys()];
    const replayed = behind.filter((partition) => this.replays(watcher, partition));
    if (replayed.length === 0) return this.turns.leave(watcher);
    this.turns.ask(watcher);
    if (replayed.length === behind.length) await this.turns.until(watcher);
  }

  /** Stays with a partition that is replayed: a replay that is left is begun again. */
  private async follow(watcher: Watcher, partition: PartitionId): Promise<void> {
    let replays = this.replays(watcher, partition);
    do {
      if (watcher.ended || !watcher.hasRoom) return;
      if (replays && !this.turns.has(watcher)) return;
      await this.advance(watcher, partition);
      replays = this.replays(watcher, partition);
    } while (replays);
  }

  private replays(watcher: Watcher, partition: PartitionId): boolean {
    const at = watcher.behind.get(partition);
    return at !== undefined && this.source.isReplayed(partition, logIndex(at.cursor));
  }

  private async advance(watcher: Watcher, partition: PartitionId): Promise<void> {
    const from = watcher.behind.get(partition);
    if (from === undefined) return;
    const entries = await this.source.read(partition, logIndex(from.cursor), entriesPerRead);
    if (watcher.ended) return;
    let at: Behind = from;
    for (const entry of entries) {
      if (!watcher.hasRoom) break;
      at = this.deliver(watcher, entry, at);
    }
    watcher.behind.set(partition, at);
    const hubCursor = this.hub.cursorOf(partition);
    if (at.cursor >= hubCursor) watcher.becomeLive(partition, hubCursor);
  }

  private deliver(watcher: Watcher, entry: AppliedEntry, { previous }: Behind): Behind {
    const passed = this.passing(watcher.filter, entry);
    if (passed.length === 0) return { cursor: entry.index, previous };
    const encoded = encodeEntry(this.messages, entry, passed, previous);
    for (const message of encoded) watcher.send(message);
    return { cursor: entry.index, previous: entry.index };
  }

  private passing(filter: WatchFilter, entry: AppliedEntry): ChangeText[] {
    return entry.changes
      .filter((change) => changePasses(filter, change, this.records))
      .map((change) => this.messages.keptText(entry, change));
  }

  private enter(): Promise<void> {
    if (this.reading < readersMax) {
      this.reading += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.queue.push(resolve));
  }

  private exit(): void {
    const next = this.queue.shift();
    if (next === undefined) this.reading -= 1;
    else next();
  }
}
