import type { AppliedEntry } from '@metad/eventsourcing';
import type { PartitionId } from '@metad/foundation';
import type { WatchFilter } from '../watch-filter.js';
import type { ChangeText } from '../change-text.js';
import type { WatchMessages } from '../watch-message.js';
import type { Watcher } from '../session/watcher.js';

/** All watchers with equal filters: what passes is encoded once for all of them. */
export class WatchChannel {
  readonly members = new Set<Watcher>();
  /** Index of the last entry with an event that passed, by partition. */
  private readonly passed: Map<PartitionId, number>;

  /** `cursors`: where the hub stands when the channel is opened. */
  constructor(
    readonly filter: WatchFilter,
    cursors: ReadonlyMap<PartitionId, number>,
    private readonly messages: WatchMessages,
    private readonly onBehind: (watcher: Watcher) => void,
  ) {
    this.passed = new Map(cursors);
  }

  /** Hands the events of one entry that pass the filter to every live member. */
  offer(entry: AppliedEntry, texts: readonly ChangeText[]): void {
    const { partition, index } = entry;
    const previous = this.passed.get(partition) ?? 0;
    this.passed.set(partition, index);
    let encoded: Uint8Array[] | null = null;
    for (const watcher of this.members) {
      if (watcher.takes(partition, index, previous)) {
        encoded ??= encodeEntry(this.messages, entry, texts, previous);
        for (const message of encoded) watcher.send(message);
      } else if (watcher.behind.size > 0 && !watcher.catchingUp) this.onBehind(watcher);
    }
  }

  /** What follows `index` in a partition could not be read: everybody goes back to their cursor. */
  loseTrack(partition: PartitionId, index: number): void {
    const previous = this.passed.get(partition) ?? 0;
    for (const watcher of this.members) {
      if (watcher.behind.has(partition)) continue;
      const cursor = watcher.positionIn(partition, index);
      watcher.behind.set(partition, { cursor, previous });
      this.onBehind(watcher);
    }
  }
}

/** The messages of one entry's events, chained to `previous` and to each other. */
export function encodeEntry(
  messages: WatchMessages,
  { partition, index }: AppliedEntry,
  texts: readonly ChangeText[],
  previous: number,
): Uint8Array[] {
  return texts.map((text, at) => {
    const before = at === 0 ? previous : index;
    return messages.change(text, partition, before, at < texts.length - 1);
  });
}
