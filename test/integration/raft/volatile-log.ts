import { invariant, logIndex, term } from '@metad/foundation';
import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import type { Entry, LogStats, NodeLog, SnapshotMeta } from '@metad/raft';

type PartitionWrite = Parameters<NodeLog['append']>[0][number];
type Recovered = ReturnType<NodeLog['recovered']>[number];

/**
 * A node log in memory whose durable part outlives the node: `reopen()` is what a restart finds.
 * Writes become durable after `delayMs` (0: in a later turn), in order.
 */
export class VolatileLog implements NodeLog {
  private readonly found: Recovered[] = [];
  private readonly byId = new Map<PartitionId, VolatilePartition>();
  private entriesWritten = 0;
  private syncs = 0;
  private failing: Error | null = null;

  constructor(readonly delayMs = 0) {}

  /** The log of the next process on the same disk. */
  reopen(): VolatileLog {
    const next = new VolatileLog(this.delayMs);
    for (const [partition, before] of [...this.byId].sort(([a], [b]) => a - b)) {
      if (!before.written) continue;
      next.byId.set(partition, before.copy());
      const { hardState, meta: snapshot } = before;
      next.found.push({ partition, hardState, snapshot, state: 'sound', reason: null });
    }
    return next;
  }

  /** The next write fails, as a broken disk does. */
  breakDown(error: Error): void {
    this.failing = error;
  }

  recovered(): readonly Recovered[] {
    return this.found;
  }

  create(partition: PartitionId, snapshot: SnapshotMeta): void {
    this.byId.set(partition, new VolatilePartition(snapshot));
  }

  partition(partition: PartitionId): VolatilePartition {
    const found = this.byId.get(partition);
    invariant(found !== undefined, 'a partition is created before it is used');
    return found;
  }

  async append(writes: readonly PartitionWrite[]): Promise<void> {
    for (const write of writes) {
      this.partition(write.partition).write(write);
      this.entriesWritten += write.entries.length;
    }
    await new Promise<void>((resolve) => {
      if (this.delayMs > 0) setTimeout(resolve, this.delayMs);
      else setImmediate(resolve);
    });
    if (this.failing !== null) throw this.failing;
    this.syncs += 1;
  }

  compact(partition: PartitionId, snapshot: SnapshotMeta, upTo: LogIndex): void {
    this.partition(partition).compact(snapshot, upTo);
  }

  lastTerm(partition: PartitionId): Term {
    const stored = this.partition(partition);
    return stored.termAt(stored.lastIndex()) ?? term(0);
  }

  stats(): LogStats {
    const { entriesWritten, syncs } = this;
    const none = { bytesWritten: 0, syncMsLast: 0, segments: 0, bytesOnDisk: 0, tailBytes: 0 };
    return { ...none, entriesWritten, syncs };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class VolatilePartition {
  hardState: Recovered['hardState'] = { term: term(0), vote: null, commit: logIndex(0) };
  written = false;
  private base: LogIndex;
  private baseTerm: Term;
  private entriesHeld: Entry[] = [];

  constructor(public meta: SnapshotMeta) {
    this.base = meta.index;
    this.baseTerm = meta.term;
  }

  copy(): VolatilePartition {
    const copy = new VolatilePartition(this.meta);
    copy.hardState = this.hardState;
    copy.written = true;
    copy.base = this.base;
    copy.baseTerm = this.baseTerm;
    copy.entriesHeld = [...this.entriesHeld];
    return copy;
  }

  firstIndex(): LogIndex {
    return logIndex(this.base + 1);
  }

  lastIndex(): LogIndex {
    return logIndex(this.base + this.entriesHeld.length);
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.base) return this.baseTerm;
    return this.entriesHeld[index - this.base - 1]?.term ?? null;
  }

  entries(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | null {
    if (from <= this.base) return null;
    const result: Entry[] = [];
    let bytes = 0;
    for (const entry of this.entriesHeld.slice(from - this.base - 1, to - this.base - 1)) {
      bytes += entry.data.length + 48;
      if (result.length > 0 && bytes > bytesMax) break;
      result.push(entry);
    }
    return result;
  }

  snapshot(): SnapshotMeta {
    return this.meta;
  }

  write({ hardState, snapshot, entries }: PartitionWrite): void {
    this.written = true;
    if (snapshot !== null) {
      this.meta = snapshot;
      this.base = snapshot.index;
      this.baseTerm = snapshot.term;
      this.entriesHeld = [];
    }
    const first = entries[0];
    if (first !== undefined) {
      invariant(first.index <= this.lastIndex() + 1, 'a log has no holes');
      this.entriesHeld.length = first.index - this.base - 1;
      for (const entry of entries) this.entriesHeld.push(entry);
    }
    if (hardState !== null) this.hardState = hardState;
  }

  compact(snapshot: SnapshotMeta, upTo: LogIndex): void {
    this.meta = snapshot;
    if (upTo <= this.base) return;
    const at = this.termAt(upTo);
    invariant(at !== null, 'a log is compacted up to an entry it holds');
    this.entriesHeld = this.entriesHeld.slice(upTo - this.base);
    this.base = upTo;
    this.baseTerm = at;
  }
}
