import type { AppliedEntry, RecordChange, StoredRecord } from '@metad/eventsourcing';
import { logIndex, partitionId, type LogIndex, type PartitionId } from '@metad/foundation';
import type { RecordParts } from '../../decide/index.js';
import { PositionCompacted, type EventSource } from '../../dispatch/event-source.js';
import { Replayer } from '../../dispatch/replayer.js';
import type { ReplayPorts } from '../../dispatch/replay-ports.js';
import type { RecordImage, WatchedPartitions, WatchedRecords } from '../watch-ports.js';

const PLAIN = { kind: 'command', data: new Uint8Array(), change: null } as const;

/** What happened to one record, in words: enough to make an entry of it. */
export interface Happening {
  readonly type?: string;
  readonly kind?: string;
  readonly namespace?: string;
  readonly key: string;
  /** Null removes the record. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

/** A node's partitions, records and applied entries, written by a test. */
export class WatchedLog implements EventSource, WatchedPartitions, WatchedRecords {
  private readonly logs = new Map<PartitionId, AppliedEntry[]>();
  private readonly stored = new Map<string, StoredRecord & { partition: PartitionId }>();
  private readonly advanced = new Set<(partition: PartitionId) => void>();
  private readonly witnesses = new Set<(entry: AppliedEntry) => void>();
  private readonly changed: (() => void)[] = [];
  private readonly compacted = new Map<PartitionId, number>();
  private readonly replayed = new Map<PartitionId, number>();
  private readonly replayer = new Replayer(
    this.replayPorts(),
    (id, at) => !this.isReplayed(id, at),
  );
  /** Replays begun. */
  replays = 0;
  history = 'aa';
  /** Reads served, to tell who caught up. */
  reads = 0;

  constructor(count: number) {
    for (let id = 1; id <= count; id += 1) this.logs.set(partitionId(id), []);
  }

  /** One entry with all that happened in it; without anything, a no-op. Returns its index. */
  append(partition: number, ...happenings: readonly Happening[]): number {
    const id = partitionId(partition);
    const log = this.logs.get(id) as AppliedEntry[];
    const index = logIndex(log.length + 1);
    const changes = happenings.map((happening) => this.apply(id, index, happening));
    const entry: AppliedEntry = {
      partition: id,
      index,
      term: 1 as AppliedEntry['term'],
      time: (1_700_000_000_000 + index) as AppliedEntry['time'],
      commandId: `command-${partition}-${index}`,
      command: 'Do',
      actor: 'tester',
      reason: null,
      changes,
      rejected: null,
    };
    log.push(entry);
    for (const witness of this.witnesses) witness(entry);
    for (const listener of this.advanced) listener(id);
    return index;
  }

  addPartition(partition: number): void {
    this.logs.set(partitionId(partition), []);
    for (const listener of this.changed) listener();
  }

  replaceHistory(incarnation: string): void {
    this.history = incarnation;
    for (const id of this.logs.keys()) this.logs.set(id, []);
    for (const listener of this.changed) listener();
  }

  /** Entries up to `index` are gone. */
  compact(partition: number, index: number): void {
    this.compacted.set(partitionId(partition), index);
  }

  head(partition: PartitionId): LogIndex {
    return logIndex(this.logs.get(partition)?.length ?? 0);
  }

  async read(partition: PartitionId, after: LogIndex, entriesMax: number) {
    this.reads += 1;
    await Promise.resolve();
    if (after < (this.compacted.get(partition) ?? 0)) throw new PositionCompacted(partition, after);
    if (this.isReplayed(partition, after)) return this.replayer.read(partition, after, entriesMax);
    return (this.logs.get(partition) ?? []).slice(after, after + entriesMax);
  }

  /** Entries up to `index` are no longer in memory. */
  replayUpTo(partition: number, index: number): void {
    this.replayed.set(partitionId(partition), index);
  }

  lowestCursor(partition: PartitionId): Promise<LogIndex> {
    return Promise.resolve(logIndex(this.compacted.get(partition) ?? 0));
  }

  isReplayed(partition: PartitionId, after: LogIndex): boolean {
    return after < (this.replayed.get(partition) ?? 0);
  }

  leave(): void {}

  onAdvance(listener: (partition: PartitionId) => void): () => void {
    this.advanced.add(listener);
    return () => void this.advanced.delete(listener);
  }

  onApplied(listener: (entry: AppliedEntry) => void): () => void {
    this.witnesses.add(listener);
    return () => void this.witnesses.delete(listener);
  }

  incarnation(): string {
    return this.history;
  }

  partitions(): readonly PartitionId[] {
    return [...this.logs.keys()];
  }

  onChange(listener: () => void): void {
    this.changed.push(listener);
    listener();
  }

  capture(partition: PartitionId, namespace: string | null, kind: string | null): RecordImage {
    const records = [...this.stored.values()].filter(
      (record) =>
        record.partition === partition &&
        (namespace === null || record.namespace === namespace) &&
        (kind === null || record.kind === kind),
    );
    return { index: this.head(partition), records };
  }

  bodyText({ kind, namespace, key, version, value }: StoredRecord): string {
    return JSON.stringify({ kind, namespace, id: this.idOf(kind, key), version, ...value });
  }

  bodyParts(record: StoredRecord): RecordParts {
    return [this.bodyText(record), '', ''];
  }

  idOf(_kind: string, key: string): string {
    return key;
  }

  private replayPorts(): ReplayPorts {
    const entriesOf = (partition: PartitionId) => this.logs.get(partition) ?? [];
    return {
      log: {
        read: async (partition, from) =>
          entriesOf(partition)
            .slice(from - 1, from + 99)
            .map(({ index, term }) => ({ index, term, ...PLAIN })),
      },
      snapshots: { newest: async () => null },
      machine: (partition, onApplied) => {
        this.replays += 1;
        let at = logIndex(0);
        return {
          appliedIndex: () => at,
          apply: ({ index }) => {
            at = index;
            onApplied(entriesOf(partition)[index - 1] as AppliedEntry);
            return undefined;
          },
          restore: () => Promise.reject(new Error('there are no snapshots')),
          records: () => [],
        };
      },
      monotonic: () => 0,
    };
  }

  private apply(partition: PartitionId, index: LogIndex, happening: Happening): RecordChange {
    const { kind = 'resource', namespace = 'prod', key, value } = happening;
    const place = `${kind} ${namespace} ${key}`;
    const before = this.stored.get(place) ?? null;
    const time = 0 as StoredRecord['createdAt'];
    const version = (before?.version ?? 0) + 1;
    const fixed = { fence: null, createdAt: time, updatedAt: time, expiresAt: null };
    const after = value && { kind, namespace, key, version, value, index, partition, ...fixed };
    if (after === null) this.stored.delete(place);
    else this.stored.set(place, after);
    const type = happening.type ?? (after === null ? 'Removed' : 'Changed');
    return { type, kind, namespace, key, data: value ?? {}, before, after };
  }
}
