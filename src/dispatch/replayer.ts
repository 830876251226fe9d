import type { AppliedEntry } from '@metad/eventsourcing';
import { logIndex, type LogIndex, type PartitionId } from '@metad/foundation';
import { replaysKeptMax } from './event-source.js';
import { Replay } from './replay.js';
import type { ReplayPorts } from './replay-ports.js';

/** A replay, and what it gave in its last two reads: entries after `from`, to where it stands. */
interface Kept {
  readonly partition: PartitionId;
  readonly from: LogIndex;
  readonly entries: readonly AppliedEntry[];
  /** Null when memory serves from where it stands: only its last entries are still wanted. */
  readonly replay: Replay | null;
}

/**
 * Serves readers that are behind the ring. A replay is kept for the reader that goes on with it,
 * with the entries that it gave last: a reader may not have had room for all of them, and others
 * that are nearly as far go on with the same replay. At most `replaysMax` are kept, as each holds a
 * partition's whole state, and the one unused for longest goes first. Readers of many partitions
 * should therefore follow one replay at a time.
 */
export class Replayer {
  private kept: Kept[] = [];

  constructor(
    private readonly ports: ReplayPorts,
    /** True for an index from which on memory serves: a replay that came so far is let go. */
    private readonly isHeld: (partition: PartitionId, index: LogIndex) => boolean,
    private readonly replaysMax = replaysKeptMax,
  ) {}

  async read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): Promise<readonly AppliedEntry[]> {
    const kept = this.take(partition, after);
    const left = kept?.entries.slice(after - kept.from) ?? [];
    if (kept !== null && left.length > 0) {
      this.keep(kept);
      return left.slice(0, entriesMax);
    }
    const replay = kept?.replay ?? (await Replay.at(this.ports, partition, after));
    const entries = await replay.next(entriesMax);
    if (entries.length === 0 || this.isHeld(partition, after)) return entries;
    const isOver = this.isHeld(partition, replay.index);
    const before = kept?.entries.slice(-entries.length) ?? [];
    const from = logIndex(after - before.length);
    const given = [...before, ...entries];
    this.keep({ partition, from, entries: given, replay: isOver ? null : replay });
    return entries;
  }

  /** What goes on after `index`; rather one whose reader took all than one that left something. */
  private take(partition: PartitionId, index: LogIndex): Kept | null {
    let found = -1;
    for (const [at, { from, entries, ...kept }] of this.kept.entries()) {
      if (kept.partition !== partition || index < from || index > from + entries.length) continue;
      const isAtEnd = index === from + entries.length;
      if (isAtEnd && kept.replay === null) continue;
      if (found < 0 || isAtEnd) found = at;
    }
    return found < 0 ? null : (this.kept.splice(found, 1)[0] ?? null);
  }

  private keep(kept: Kept): void {
    this.kept.push(kept);
    if (this.kept.length > this.replaysMax) this.kept.shift();
  }
}
