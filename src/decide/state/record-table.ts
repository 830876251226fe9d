import { Digest, recordHash } from '@metad/eventsourcing';
import type { ContentHash, StoredRecord } from '@metad/eventsourcing';
import type { RecordSlot } from './record-slot.js';

/** All records of one kind in one partition, by namespace and key, with their digest. */
export class RecordTable {
  readonly digest = new Digest();
  private readonly namespaces = new Map<string, Map<string, RecordSlot>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  sizeOf(namespace: string): number {
    return this.namespaces.get(namespace)?.size ?? 0;
  }

  get(namespace: string, key: string): StoredRecord | null {
    return this.namespaces.get(namespace)?.get(key)?.record ?? null;
  }

  /** Stores a record, whose hash may be given; returns its slot. */
  put(record: StoredRecord, hash: ContentHash = recordHash(record)): RecordSlot {
    const { namespace, key } = record;
    let slots = this.namespaces.get(namespace);
    if (slots === undefined) {
      slots = new Map<string, RecordSlot>();
      this.namespaces.set(namespace, slots);
    }
    let slot = slots.get(key);
    if (slot === undefined) {
      slot = { record, hash, scheduledAt: null };
      slots.set(key, slot);
      this.count += 1;
    } else {
      this.digest.subtract(slot.hash);
      slot.record = record;
      slot.hash = hash;
    }
    this.digest.add(hash);
    return slot;
  }

  /** Replaces a record by one that differs in nothing that is digested: a renewal. */
  replaceUndigested(record: StoredRecord): void {
    const slot = this.namespaces.get(record.namespace)?.get(record.key);
    if (slot !== undefined) slot.record = record;
  }

  remove(namespace: string, key: string): void {
    const slots = this.namespaces.get(namespace);
    const slot = slots?.get(key);
    if (slots === undefined || slot === undefined) return;
    this.digest.subtract(slot.hash);
    slot.record = null;
    slots.delete(key);
    if (slots.size === 0) this.namespaces.delete(namespace);
    this.count -= 1;
  }

  /** Names of the namespaces that hold records, in no particular order. */
  namespaceNames(): Iterable<string> {
    return this.namespaces.keys();
  }

  /** Records in no particular order; of all namespaces when none is named. */
  *records(namespace: string | null = null): Generator<StoredRecord> {
    const tables = namespace === null ? this.namespaces.values() : [this.namespaces.get(namespace)];
    for (const slots of tables) {
      if (slots === undefined) continue;
      for (const slot of slots.values()) {
        if (slot.record !== null) yield slot.record;
      }
    }
  }

  /** Appends every record to `into`: references only, in one go. */
  collect(into: StoredRecord[]): void {
    for (const slots of this.namespaces.values()) {
      for (const slot of slots.values()) into.push(slot.record as StoredRecord);
    }
  }
}
