import { invariant, logIndex, term } from '@metad/foundation';
import type { LogIndex, PartitionId, Term } from '@metad/foundation';
import { entryBytes } from '../../core/index.js';
import type { Entry, HardState, SnapshotMeta, StoredLog } from '../../core/index.js';
import type {
  Damage,
  LogStats,
  NodeLog,
  PartitionWrite,
  RecoveredPartition,
  RecoveryReport,
} from '../log-port.js';

/** A partition's log as a plain list: what the log on disk must be equal to. */
class MemoryPartition implements StoredLog {
  hardState: HardState = { term: term(0), vote: null, commit: logIndex(0) };
  damage: Damage | null = null;
  private held: Entry[] = [];
  private first: LogIndex;
  private termBefore: Term;

  constructor(private meta: SnapshotMeta) {
    this.first = logIndex(meta.index + 1);
    this.termBefore = meta.term;
  }

  firstIndex(): LogIndex {
    return this.first;
  }

  lastIndex(): LogIndex {
    return logIndex(this.first + this.held.length - 1);
  }

  termAt(index: LogIndex): Term | null {
    if (index === this.first - 1) return this.termBefore;
    return this.held[index - this.first]?.term ?? null;
  }

  entries(from: LogIndex, to: LogIndex, bytesMax: number): readonly Entry[] | null {
    if (from < this.first) return null;
    invariant(from < to && to <= this.lastIndex() + 1, 'entries that exist are asked for');
    const found: Entry[] = [];
    let bytes = 0;
    for (const entry of this.held.slice(from - this.first, to - this.first)) {
      bytes += entryBytes(entry);
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  snapshot(): SnapshotMeta {
    return this.meta;
  }

  write(write: PartitionWrite): void {
    if (write.snapshot !== null) this.restart(write.snapshot);
    const [next] = write.entries;
    if (next !== undefined) {
      invariant(next.index <= this.lastIndex() + 1, 'new entries leave no hole');
      this.held.length = next.index - this.first;
      this.held.push(...write.entries);
    }
    if (write.hardState !== null) this.hardState = write.hardState;
  }

  compact(snapshot: SnapshotMeta, upTo: LogIndex): void {
    invariant(snapshot.index >= this.meta.index, 'a stored snapshot never goes back');
    const termBefore = this.termAt(upTo);
    invariant(termBefore !== null, 'compaction ends inside the log');
    this.held = this.held.slice(upTo + 1 - this.first);
    this.meta = snapshot;
    this.first = logIndex(upTo + 1);
    this.termBefore = termBefore;
  }

  private restart(snapshot: SnapshotMeta): void {
    this.held = [];
    this.meta = snapshot;
    this.first = logIndex(snapshot.index + 1);
    this.termBefore = snapshot.term;
  }
}

/** What a memory log leaves behind when it is closed: hand it to the next one to restart a node. */
export class MemoryLogContent {
  readonly partitions = new Map<PartitionId, MemoryPartition>();
}

/** A log without a disk, for tests and demonstrations: durable as long as its content is held. */
export class MemoryNodeLog implements NodeLog {
  private readonly found: readonly RecoveredPartition[];
  private readonly fresh: boolean;
  private entriesWritten = 0;

  constructor(private readonly content = new MemoryLogContent()) {
    this.fresh = content.partitions.size === 0;
    this.found = [...content.partitions]
      .sort(([a], [b]) => a - b)
      .map(([partition, log]) => ({
        partition,
        hardState: log.hardState,
        snapshot: log.snapshot(),
        state: log.damage?.kind ?? 'sound',
        reason: log.damage?.reason ?? null,
      }));
  }

  recovered(): readonly RecoveredPartition[] {
    return this.found;
  }

  report(): RecoveryReport {
    const nothing = { segments: 0, records: 0, cutBytes: 0, unattributed: null, findings: [] };
    return { fresh: this.fresh, ...nothing };
  }

  create(partition: PartitionId, snapshot: SnapshotMeta): void {
    invariant(!this.content.partitions.has(partition), 'a partition is created once');
    this.content.partitions.set(partition, new MemoryPartition(snapshot));
  }

  partition(partition: PartitionId): StoredLog {
    return this.log(partition);
  }

  damageOf(partition: PartitionId): Damage | null {
    return this.log(partition).damage;
  }

  async condemn(partition: PartitionId, base: SnapshotMeta, reason: string): Promise<void> {
    const log = this.log(partition);
    const { term: at } = log.hardState;
    log.write({ partition, snapshot: base, entries: [], hardState: null });
    log.hardState = { term: at, vote: null, commit: base.index };
    log.damage = { kind: 'corrupt', reason };
  }

  async heal(partition: PartitionId, hardState: HardState): Promise<void> {
    const log = this.log(partition);
    log.damage = null;
    log.hardState = hardState;
  }

  async append(writes: readonly PartitionWrite[], _sync: boolean): Promise<void> {
    for (const write of writes) {
      this.log(write.partition).write(write);
      this.entriesWritten += write.entries.length;
    }
  }

  compact(partition: PartitionId, snapshot: SnapshotMeta, upTo: LogIndex): void {
    invariant(upTo <= snapshot.index, 'only what the snapshot covers is compacted');
    this.log(partition).compact(snapshot, upTo);
  }

  lastTerm(partition: PartitionId): Term {
    const log = this.log(partition);
    return log.termAt(log.lastIndex()) ?? term(0);
  }

  stats(): LogStats {
    return {
      bytesWritten: 0,
      entriesWritten: this.entriesWritten,
      syncs: 0,
      syncMsLast: 0,
      segments: 0,
      bytesOnDisk: 0,
      tailBytes: 0,
      liveBytes: 0,
      storageFull: false,
      cleaningFault: null,
    };
  }

  isStorageFull(): boolean {
    return false;
  }

  async close(): Promise<void> {
    // Nothing is held beyond the content.
  }

  private log(partition: PartitionId): MemoryPartition {
    const log = this.content.partitions.get(partition);
    invariant(log !== undefined, 'a partition is created before it is used');
    return log;
  }
}
