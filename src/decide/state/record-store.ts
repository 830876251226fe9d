import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';
import { Digest } from '@metad/eventsourcing';
import type { ContentHash, StoredRecord } from '@metad/eventsourcing';
import type { KindDefinition, KindRegistry } from '../../kinds/index.js';
import { LeaseSchedule } from './lease-schedule.js';
import { RecordTable } from './record-table.js';

/** All records of one partition, with what the rules count about them. */
export class RecordStore {
  readonly leases: LeaseSchedule;
  private readonly tables = new Map<string, RecordTable>();
  /** By parent kind, namespace and key. A parent may have dependents before it exists. */
  private readonly dependents = new Map<string, number>();
  private readonly perNamespace = new Map<string, number>();

  constructor(private readonly registry: KindRegistry) {
    for (const { kind } of registry.kinds) this.tables.set(kind, new RecordTable());
    this.leases = new LeaseSchedule((record) => this.ttlMsOf(record));
  }

  get size(): number {
    let size = 0;
    for (const table of this.tables.values()) size += table.size;
    return size;
  }

  table(kind: string): RecordTable {
    const table = this.tables.get(kind);
    invariant(table !== undefined, 'every record is of a registered kind');
    return table;
  }

  get(kind: string, namespace: string, key: string): StoredRecord | null {
    return this.table(kind).get(namespace, key);
  }

  /** Records of all kinds in one namespace: what a quota limits. */
  countOf(namespace: string): number {
    return this.perNamespace.get(namespace) ?? 0;
  }

  counts(): ReadonlyMap<string, number> {
    return this.perNamespace;
  }

  dependentsOf(kind: string, namespace: string, key: string): number {
    if (this.dependents.size === 0) return 0;
    return this.dependents.get(dependentsKey(kind, namespace, key)) ?? 0;
  }

  /** Puts `after` where `before` stands now; either may be null, but not both. */
  replace(before: StoredRecord | null, after: StoredRecord | null, hash?: ContentHash): void {
    const { kind, namespace, key } = (after ?? before) as StoredRecord;
    const table = this.table(kind);
    if (after === null) table.remove(namespace, key);
    else {
      const slot = table.put(after, hash);
      if (after.expiresAt !== null) this.leases.add(slot, after.expiresAt);
    }
    if (before === null || after === null) this.recount(before, after);
  }

  /** Moves the end of a lease and nothing else. */
  renew(record: StoredRecord, expiresAt: LogTime): StoredRecord {
    const renewed = { ...record, expiresAt };
    this.table(record.kind).replaceUndigested(renewed);
    return renewed;
  }

  digestOf(kind: string): Digest {
    return this.table(kind).digest;
  }

  digest(): Digest {
    const sum = new Digest();
    for (const table of this.tables.values()) sum.merge(table.digest);
    return sum;
  }

  /** References to every record as of now. */
  collect(): StoredRecord[] {
    const records: StoredRecord[] = [];
    for (const table of this.tables.values()) table.collect(records);
    return records;
  }

  private recount(before: StoredRecord | null, after: StoredRecord | null): void {
    const record = (after ?? before) as StoredRecord;
    const step = after === null ? -1 : 1;
    add(this.perNamespace, record.namespace, step);
    const parent = this.definition(record).parentOf?.(record.value) ?? null;
    if (parent === null) return;
    add(this.dependents, dependentsKey(parent.kind, record.namespace, parent.key), step);
  }

  private ttlMsOf(record: StoredRecord): number | null {
    return this.definition(record).lease?.ttlMsOf(record.value) ?? null;
  }

  private definition(record: StoredRecord): KindDefinition {
    const definition = this.registry.kind(record.kind);
    invariant(definition !== null, 'every record is of a registered kind');
    return definition;
  }
}

/** Namespaces hold no slash, so this names one parent only. */
const dependentsKey = (kind: string, namespace: string, key: string): string =>
  `${kind}/${namespace}/${key}`;

function add(counts: Map<string, number>, key: string, step: number): void {
  const count = (counts.get(key) ?? 0) + step;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
