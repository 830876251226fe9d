import type { AppliedEntry, StoredRecord } from '@metad/eventsourcing';
import { logIndex, logTime, term } from '@metad/foundation';
import type { LogIndex, LogTime, PartitionId, Term } from '@metad/foundation';
import { PositionCompacted } from './event-source.js';
import type { ReplayMachine, ReplayPorts } from './replay-ports.js';

const READ_BYTES = 256 * 1024;
const SLICE_MS = 4;

/** A partition's records at one index. */
export interface ReplayedState {
  readonly index: LogIndex;
  readonly term: Term;
  readonly time: LogTime;
  readonly records: Iterable<StoredRecord>;
}

/**
 * One run of committed entries through a private state machine, from a snapshot or from the very
 * beginning. Works in slices: consensus and commands share the event loop.
 */
export class Replay {
  /** Where applied entries go; null while nobody wants them, and then they are not kept. */
  private out: AppliedEntry[] | null = null;
  private readonly machine: ReplayMachine;
  private sliceStart: number;
  /** Of the entry at `index`; after a snapshot its time is not known, and 0. */
  private last: { readonly term: Term; readonly time: LogTime } = {
    term: term(0),
    time: logTime(0),
  };

  private constructor(
    private readonly ports: ReplayPorts,
    readonly partition: PartitionId,
  ) {
    this.machine = ports.machine(partition, (entry) => {
      this.last = entry;
      this.out?.push(entry);
    });
    this.sliceStart = ports.monotonic();
  }

  /**
   * A replay that stands at exactly `index`. Throws `PositionCompacted` when neither a snapshot at
   * or below it, followed by the log, nor the log from its beginning is there.
   */
  static async at(ports: ReplayPorts, partition: PartitionId, index: LogIndex): Promise<Replay> {
    const replay = new Replay(ports, partition);
    const snapshot = index === 0 ? null : await ports.snapshots.newest(partition, index);
    if (snapshot) {
      await replay.machine.restore(snapshot.meta, snapshot.open());
      replay.last = { term: snapshot.meta.term, time: logTime(0) };
    }
    while (replay.index < index) {
      const before = replay.index;
      await replay.advanceTo(index);
      if (replay.index === before) throw new PositionCompacted(partition, index);
    }
    return replay;
  }

  /** A replay that stands at the newest snapshot, or at 0 when there is none. */
  static async atSnapshot(ports: ReplayPorts, partition: PartitionId): Promise<Replay> {
    const newest = await ports.snapshots.newest(partition, logIndex(Number.MAX_SAFE_INTEGER));
    return Replay.at(ports, partition, newest?.meta.index ?? logIndex(0));
  }

  get index(): LogIndex {
    return this.machine.appliedIndex();
  }

  /** The state as of `index`; its records are valid until the next call of `next`. */
  state(): ReplayedState {
    const { term, time } = this.last;
    return { index: this.index, term, time, records: this.machine.records() };
  }

  /** The next entries, at most `entriesMax`; empty at the end of what is committed. */
  async next(entriesMax: number): Promise<readonly AppliedEntry[]> {
    const out: AppliedEntry[] = [];
    this.out = out;
    try {
      await this.advanceTo(this.index + entriesMax);
    } finally {
      this.out = null;
    }
    return out;
  }

  /** Stops short of `index` at the end of what is committed. */
  private async advanceTo(index: number): Promise<void> {
    while (this.index < index) {
      const from = logIndex(this.index + 1);
      const entries = await this.ports.log.read(this.partition, from, READ_BYTES);
      if (!entries) throw new PositionCompacted(this.partition, this.index);
      if (entries.length === 0) return;
      for (const entry of entries) {
        if (this.index >= index) return;
        this.machine.apply(entry, undefined);
        if (this.ports.monotonic() - this.sliceStart > SLICE_MS) await this.yield();
      }
    }
  }

  private async yield(): Promise<void> {
    await new Promise(setImmediate);
    this.sliceStart = this.ports.monotonic();
  }
}

/**
 * The lowest index from which a replay can begin and reach `held`: that of the oldest snapshot that
 * is followed by log or archive without a gap, or 0. `held` itself when there is none.
 */
export async function lowestReplayed(
  { log, snapshots }: ReplayPorts,
  partition: PartitionId,
  held: LogIndex,
): Promise<LogIndex> {
  let lowest = held;
  while (lowest > 0) {
    const snapshot = await snapshots.newest(partition, logIndex(lowest - 1));
    const from = snapshot?.meta.index ?? logIndex(0);
    if ((await log.read(partition, logIndex(from + 1), 1)) === null) break;
    lowest = from;
  }
  return lowest;
}
