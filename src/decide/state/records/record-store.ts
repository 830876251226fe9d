import { invariant } from '@metad/foundation';
import type { LogTime } from '@metad/foundation';
import { Digest, recordHash } from '@metad/eventsourcing';
import type { ContentHash, StoredRecord } from '@metad/eventsourcing';
import type { KindDefinition, KindRegistry } from '../../../kinds/index.js';
import { NONE, RowIndex } from '../row-index.js';
import { LeaseSchedule } from './lease-schedule.js';
import { RecordHeap } from './record-heap.js';
import { RecordImage } from './record-image.js';
import { RecordNames } from './record-names.js';
import { RecordRows } from './record-rows.js';
import { hasKey, readVersion, writeVersion } from './stored-version.js';

/**
 * All records of one partition, with what the rules count about them.
 *
 *     kind, namespace, key → index → row → bytes in a chunk
 *
 * Records are bytes until somebody asks for one: a million of them are a few thousand objects to
 * the garbage collector, an image of them is a list of places, and a snapshot copies bytes.
 */
export class RecordStore {
  readonly leases: LeaseSchedule;
  private readonly rows = new RecordRows();
  private readonly heap = new RecordHeap(this.rows);
  private readonly index = new RowIndex(this.rows);
  private readonly names = new RecordNames();
  private readonly digests = new Map<string, Digest>();
  /** By parent kind, then namespace and key. A parent may have dependents before it exists. */
  private readonly dependents = new Map<string, Map<string, number>>();
  private readonly perNamespace = new Map<string, number>();
  /** As it stands: most records that are written or read are asked for once more at once. */
  private recent: StoredRecord | null = null;
  private recentRow = -1;

  /** Records that have not been written, by row: the ones that change often are never. */
  private readonly unwritten = new Map<number, StoredRecord>();
  /** Set while so much is to be applied that records will change many times before anybody asks. */
  isFarBehind = false;

  /** `seed`: keys come from clients, who must not be able to choose them so that they collide. */
  constructor(
    private readonly registry: KindRegistry,
    private readonly seed = 0,
  ) {
    for (const { kind } of registry.kinds) this.digests.set(kind, new Digest());
    this.leases = new LeaseSchedule(this.rows, (row) => this.read(row));
  }

  get size(): number {
    return this.index.size;
  }

  get(kind: string, namespace: string, key: string): StoredRecord | null {
    const { recent } = this;
    if (recent?.key === key && recent.namespace === namespace && recent.kind === kind) {
      return recent;
    }
    const row = this.find(kind, namespace, key);
    if (row < 0) return null;
    return this.keepRecent(row, this.read(row));
  }

  /** Records of all kinds in one namespace: what a quota limits. */
  countOf(namespace: string): number {
    return this.perNamespace.get(namespace) ?? 0;
  }

  counts(): ReadonlyMap<string, number> {
    return this.perNamespace;
  }

  dependentsOf(kind: string, namespace: string, key: string): number {
    const counts = this.dependents.get(kind);
    return counts?.get(dependentsKey(namespace, key)) ?? 0;
  }

  /** Puts `after` where `before` stands now; either may be null, but not both. */
  replace(before: StoredRecord | null, after: StoredRecord | null, hash?: ContentHash): void {
    const row = this.rowOf((before ?? after) as StoredRecord);
    if (after === null) this.remove(row);
    else this.keepRecent(this.put(row, after, hash ?? recordHash(after)), after);
    if (this.unwritten.size > 0) this.write(this.isFarBehind ? UNWRITTEN_MAX : 0, WRITES_AT_ONCE);
    this.heap.tidy();
    if (before === null || after === null) this.recount(before, after);
  }

  /** Moves the end of a lease and nothing else. */
  renew(record: StoredRecord, expiresAt: LogTime): StoredRecord {
    const row = this.rowOf(record);
    invariant(row >= 0, 'only a record that is there is renewed');
    const renewed = { ...record, expiresAt };
    this.rows.setExpiresAt(row, expiresAt);
    if (this.unwritten.has(row)) this.unwritten.set(row, renewed);
    return this.keepRecent(row, renewed);
  }

  /** Bytes that the records take, and bytes that wait to be used again. */
  get bytes(): { readonly live: number; readonly dead: number } {
    return this.heap.bytes;
  }

  /** Log time at which the record's lease ends; null when it has none. */
  leaseEndOf(record: StoredRecord): LogTime | null {
    return this.leases.endOf(record.expiresAt, this.ttlMsOf(record));
  }

  digestOf(kind: string): Digest {
    const digest = this.digests.get(kind);
    invariant(digest !== undefined, 'every record is of a registered kind');
    return digest;
  }

  digest(): Digest {
    const sum = new Digest();
    for (const digest of this.digests.values()) sum.merge(digest);
    return sum;
  }

  /** Records of one kind and one namespace, of all where null, as they are now. */
  image(kind: string | null = null, namespace: string | null = null): RecordImage {
    this.write(0, this.unwritten.size);
    const { rows } = this;
    const names = this.names.list();
    const isWanted = names.map(
      (name) =>
        name !== null &&
        (kind === null || name.kind === kind) &&
        (namespace === null || name.namespace === namespace),
    );
    let count = 0;
    for (const [number, wanted] of isWanted.entries()) {
      if (wanted) count += this.names.countOf(number);
    }
    const image = new RecordImage(this.heap.hold(), names, count);
    if (count === 0) return image;
    for (let row = 0; row < rows.end; row += 1) {
      if (rows.isTaken(row) && isWanted[rows.nameOf(row)] === true) image.add(rows, row);
    }
    return image;
  }

  /** The records of an image that is taken now, whenever they are asked for. */
  records(kind: string | null = null, namespace: string | null = null): Iterable<StoredRecord> {
    return releasing(this.image(kind, namespace));
  }

  private keepRecent(row: number, record: StoredRecord): StoredRecord {
    this.recent = record;
    this.recentRow = row;
    return record;
  }

  /** The row of a record that was given out, or would have this name. */
  private rowOf(record: StoredRecord): number {
    if (record === this.recent) return this.recentRow;
    return this.find(record.kind, record.namespace, record.key);
  }

  private find(kind: string, namespace: string, key: string): number {
    const name = this.names.find(kind, namespace);
    if (name < 0) return -1;
    const { rows } = this;
    const hash = hashOf(this.seed, name, key);
    for (let link = this.index.first(hash); link !== NONE; link = rows.linkOf(link - 1)) {
      const row = link - 1;
      if (rows.hashOf(row) !== hash || rows.nameOf(row) !== name) continue;
      if (this.keyIs(row, key)) return row;
    }
    return -1;
  }

  private keyIs(row: number, key: string): boolean {
    const { rows, heap } = this;
    return rows.isWritten(row)
      ? hasKey(heap.chunk(rows.chunkOf(row)), rows.offsetOf(row), key)
      : this.waiting(row).key === key;
  }

  private waiting(row: number): StoredRecord {
    const record = this.unwritten.get(row);
    invariant(record !== undefined, 'a record is bytes, or waits to be written');
    return record;
  }

  /** Writes the oldest of those that wait, until at most `leave` do. */
  private write(leave: number, writesMax: number): void {
    let left = Math.min(this.unwritten.size - leave, writesMax);
    if (left <= 0) return;
    for (const [row, record] of this.unwritten) {
      this.unwritten.delete(row);
      writeVersion(this.heap, row, record);
      left -= 1;
      if (left === 0) return;
    }
  }

  private read(row: number): StoredRecord {
    const { rows } = this;
    if (!rows.isWritten(row)) return this.waiting(row);
    const { kind, namespace } = this.names.nameOf(rows.nameOf(row));
    const chunk = this.heap.chunk(rows.chunkOf(row));
    const context = { kind, namespace, expiresAt: rows.expiresAtOf(row) };
    return readVersion(chunk, rows.offsetOf(row), rows.lengthOf(row), context);
  }

  /** Returns the row. */
  private put(known: number, record: StoredRecord, hash: ContentHash): number {
    const { rows } = this;
    const digest = this.digestOf(record.kind);
    let row = known;
    if (row < 0) {
      row = rows.take();
      const name = this.names.add(record.kind, record.namespace);
      rows.setIdentity(row, hashOf(this.seed, name, record.key), name);
      this.index.add(row);
    } else {
      digest.subtract(rows.digestOf(row));
      if (rows.isWritten(row)) this.heap.drop(row);
    }
    if (this.isFarBehind && hash.bytes <= UNWRITTEN_BYTES_MAX) {
      rows.setUnwritten(row);
      this.unwritten.set(row, record);
    } else {
      this.unwritten.delete(row);
      writeVersion(this.heap, row, record);
    }
    digest.add(hash);
    rows.setDigest(row, hash.high, hash.low);
    const ttlMs = this.ttlMsOf(record);
    rows.setTtlMs(row, ttlMs);
    rows.setExpiresAt(row, record.expiresAt);
    if (record.expiresAt !== null) this.leases.add(row, record.expiresAt);
    return row;
  }

  private remove(row: number): void {
    this.recent = null;
    if (row < 0) return;
    const { rows } = this;
    const name = rows.nameOf(row);
    this.digestOf(this.names.nameOf(name).kind).subtract(rows.digestOf(row));
    this.index.remove(row);
    if (rows.isWritten(row)) this.heap.drop(row);
    else this.unwritten.delete(row);
    rows.release(row);
    this.names.remove(name);
  }

  private recount(before: StoredRecord | null, after: StoredRecord | null): void {
    const record = (after ?? before) as StoredRecord;
    const step = after === null ? -1 : 1;
    add(this.perNamespace, record.namespace, step);
    const parent = this.definition(record).parentOf?.(record.value) ?? null;
    if (parent === null) return;
    let counts = this.dependents.get(parent.kind);
    if (counts === undefined) {
      counts = new Map<string, number>();
      this.dependents.set(parent.kind, counts);
    }
    add(counts, dependentsKey(record.namespace, parent.key), step);
  }

  private ttlMsOf(record: StoredRecord): number {
    return this.definition(record).lease?.ttlMsOf(record.value) ?? 0;
  }

  private definition(record: StoredRecord): KindDefinition {
    const definition = this.registry.kind(record.kind);
    invariant(definition !== null, 'every record is of a registered kind');
    return definition;
  }
}

function* releasing(image: RecordImage): Generator<StoredRecord> {
  try {
    yield* image.records();
  } finally {
    image.release();
  }
}

/** Records that wait to be written, at most, while a log is replayed. */
const UNWRITTEN_MAX = 4_096;
/** A larger record is written at once: so 16 MiB wait at most. */
const UNWRITTEN_BYTES_MAX = 4_096;
/** Records written with every change until none waits: no command pays for thousands. */
const WRITES_AT_ONCE = 4;

/** Namespaces hold no slash, so this names one parent only. */
const dependentsKey = (namespace: string, key: string): string => `${namespace}/${key}`;

function add(counts: Map<string, number>, key: string, step: number): void {
  const count = (counts.get(key) ?? 0) + step;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

function hashOf(seed: number, name: number, key: string): number {
  let hash = Math.imul(seed ^ name, 0x5bd1e995);
  for (let at = 0; at < key.length; at += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
