import { invariant } from './invariant.js';

/**
 * First in, first out, with a limit. `offer` says no when the queue is full: the caller decides
 * what that means (refuse with `OVERLOADED`, wait, drop and count), the queue never grows.
 */
export class BoundedQueue<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  constructor(readonly sizeMax: number) {
    invariant(sizeMax > 0, 'a queue holds at least one item');
  }

  get size(): number {
    return this.items.length - this.head;
  }

  /** True if the item was taken, false if the queue is full. */
  offer(item: T): boolean {
    if (this.size >= this.sizeMax) return false;
    this.items.push(item);
    return true;
  }

  take(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head] = undefined;
    this.head += 1;
    if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** Removes and returns everything, oldest first. */
  drain(): T[] {
    const items = this.items.slice(this.head) as T[];
    this.items = [];
    this.head = 0;
    return items;
  }
}
