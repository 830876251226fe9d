import type { RecordFields } from '../kinds/record.js';
import type { Watch } from './watch.js';
import { passesFilter } from './record-filter.js';
import type { ChangeMessage, WatchFilter } from './watch-types.js';

type Plain = Readonly<Record<string, unknown>>;

export interface CacheOptions<R extends RecordFields> {
  /** Only these records, by the rules of watch filters. */
  readonly filter?: WatchFilter;
  /** Name of an index → what a record is found by there: one value, several, or none. */
  readonly indexes?: Readonly<
    Record<string, (record: R) => string | readonly string[] | undefined>
  >;
  /** Called after every change of the copy. Must not throw. */
  readonly onChange?: (record: R | null, before: R | null) => void;
}

/** How far the copy can be trusted. */
export interface CacheStanding {
  /** A complete copy was received at least once. */
  readonly ready: boolean;
  /** Changes come in; else the copy stands still and `staleMs` grows. */
  readonly live: boolean;
  /** The copy holds everything that the answering node had applied so long ago; null before. */
  readonly staleMs: number | null;
  readonly position: string;
}

/** One complete copy: records by key, and by the values of every index. */
class Copy<R extends RecordFields> {
  readonly byKey = new Map<string, R>();
  private readonly byIndex = new Map<string, Map<string, Map<string, R>>>();

  constructor(private readonly indexes: NonNullable<CacheOptions<R>['indexes']>) {
    for (const name of Object.keys(indexes)) this.byIndex.set(name, new Map());
  }

  put(key: string, record: R): R | null {
    const before = this.remove(key);
    this.byKey.set(key, record);
    for (const [name, table] of this.byIndex) {
      for (const value of this.valuesOf(name, record)) {
        const found = table.get(value);
        if (found === undefined) table.set(value, new Map([[key, record]]));
        else found.set(key, record);
      }
    }
    return before;
  }

  remove(key: string): R | null {
    const before = this.byKey.get(key);
    if (before === undefined) return null;
    this.byKey.delete(key);
    for (const [name, table] of this.byIndex) {
      for (const value of this.valuesOf(name, before)) {
        const found = table.get(value);
        found?.delete(key);
        if (found?.size === 0) table.delete(value);
      }
    }
    return before;
  }

  find(index: string, value: string): R[] {
    const table = this.byIndex.get(index);
    if (table === undefined) throw new Error(`there is no index ${index} on this cache`);
    return [...(table.get(value)?.values() ?? [])];
  }

  private valuesOf(name: string, record: R): readonly string[] {
    const value = this.indexes[name]?.(record);
    if (value === undefined) return [];
    return typeof value === 'string' ? [value] : value;
  }
}

/**
 * A copy of the records of one kind, kept up to date by a watch. It answers at once and without
 * the cluster; it can be behind, and says how much. After a `restart` of its watch the old copy
 * goes on answering until the new one is complete.
 */
export class RecordCache<R extends RecordFields> {
  private copy: Copy<R>;
  /** The next copy while its snapshot comes in. */
  private coming: Copy<R> | null;
  private isReady = false;
  private failure: Error | null = null;
  private readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  private readonly running: Promise<void>;

  constructor(
    private readonly namespace: string,
    private readonly watch: Watch,
    private readonly filter: WatchFilter,
    private readonly options: CacheOptions<R> = {},
  ) {
    this.copy = this.emptyCopy();
    this.coming = this.emptyCopy();
    this.running = this.run();
  }

  /** Resolves when the copy is complete; rejects when the watch is refused. */
  ready(): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure);
    if (this.isReady) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** By `<id>`, of a resource `<tenant>/<resource>`; `namespace` when the watch spans several. */
  get(id: string, namespace = this.namespace): R | null {
    return this.copy.byKey.get(`${namespace}/${id}`) ?? null;
  }

  /** Records with this value in an index; throws for an index that was not asked for. */
  by(index: string, value: string): readonly R[] {
    return this.copy.find(index, value);
  }

  all(): IterableIterator<R> {
    return this.copy.byKey.values();
  }

  get size(): number {
    return this.copy.byKey.size;
  }

  standing(): CacheStanding {
    const { live, heardMs, position } = this.watch.standing();
    return { ready: this.isReady, live, staleMs: this.isReady ? heardMs : null, position };
  }

  /** Ends the watch; the copy stays as it is. */
  async close(): Promise<void> {
    this.watch.close();
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      for await (const message of this.watch) {
        if (message.event === 'restart') this.coming = this.emptyCopy();
        else if (message.event === 'snapshot') this.receive(message.record as unknown as R);
        else if (message.event === 'snapshot-end') this.complete();
        else if (message.event === 'change') this.change(message);
      }
      this.settle(new Error('the cache was closed before it was complete'));
    } catch (error) {
      this.settle(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private receive(record: R): void {
    this.coming?.put(keyOf(record), record);
  }

  private complete(): void {
    if (this.coming !== null) this.copy = this.coming;
    this.coming = null;
    this.isReady = true;
    for (const { resolve } of this.waiting.splice(0)) resolve();
  }

  private change(change: ChangeMessage): void {
    const after = change.record as unknown as R | null;
    const stays =
      after !== null && passesFilter(this.filter, change.kind, after as unknown as Plain);
    const gone = (after ?? change.before ?? null) as unknown as R | null;
    if (gone === null) return;
    const before = stays ? this.copy.put(keyOf(after), after) : this.copy.remove(keyOf(gone));
    this.options.onChange?.(stays ? after : null, before);
  }

  private settle(error: Error): void {
    this.failure = this.isReady ? null : error;
    for (const { reject } of this.waiting.splice(0)) reject(error);
  }

  private emptyCopy(): Copy<R> {
    return new Copy<R>(this.options.indexes ?? {});
  }
}

/** Ids of resources are unique within their tenant only. */
function keyOf(record: RecordFields): string {
  const { tenantId, resourceId } = record as RecordFields & Plain;
  const id = typeof resourceId === 'string' ? `${String(tenantId)}/${resourceId}` : record.id;
  return `${record.namespace}/${id}`;
}
