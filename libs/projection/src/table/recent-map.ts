/**
 * Remembers what was computed recently, until it is asked for once: a change needs again what the
 * change before it made. Two generations of `generationMax`, the older of
 * which is dropped when the younger is full; what is not found is computed again.
 */
export class RecentMap<K, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();

  constructor(private readonly generationMax: number) {}

  set(key: K, value: V): void {
    if (this.young.size >= this.generationMax) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  /** Forgets what it returns. */
  take(key: K): V | undefined {
    const value = this.young.get(key);
    if (value === undefined) return this.old.get(key);
    this.young.delete(key);
    return value;
  }
}
