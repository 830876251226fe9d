import type { AppliedEntry } from '@metad/eventsourcing';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { Replay } from './replay.js';
import type { ReplayPorts } from './replay-ports.js';

/**
 * Serves readers that are behind the ring. A replay that was read to some index is kept for the
 * reader that goes on from there, which is the same one as a rule; at most `replaysMax` are kept,
 * as each holds a partition's whole state, and the one unused for longest goes first. Readers of
 * many partitions should therefore follow one replay at a time.
 */
export class Replayer {
  private kept: Replay[] = [];

  constructor(
    private readonly ports: ReplayPorts,
    /** True for an index from which on memory serves: a replay that came so far is let go. */
    private readonly isHeld: (partition: PartitionId, index: LogIndex) => boolean,
    private readonly replaysMax = 4,
  ) {}

  async read(
    partition: PartitionId,
    after: LogIndex,
    entriesMax: number,
  ): Promise<readonly AppliedEntry[]> {
    const replay = this.take(partition, after) ?? (await Replay.at(this.ports, partition, after));
    const entries = await replay.next(entriesMax);
    if (entries.length > 0 && !this.isHeld(partition, replay.index)) this.keep(replay);
    return entries;
  }

  private take(partition: PartitionId, index: LogIndex): Replay | null {
    const at = this.kept.findIndex((r) => r.partition === partition && r.index === index);
    return at < 0 ? null : (this.kept.splice(at, 1)[0] ?? null);
  }

  private keep(replay: Replay): void {
    this.kept.push(replay);
    if (this.kept.length > this.replaysMax) this.kept.shift();
  }
}
