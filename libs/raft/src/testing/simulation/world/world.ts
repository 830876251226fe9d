import { seededRandom } from '@metad/foundation';
import type { Random } from '@metad/foundation';

interface Event {
  readonly at: number;
  readonly order: number;
  run: (() => void) | null;
}

const earlier = (a: Event, b: Event): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

/** Lets every promise that can settle without new events settle. */
const settlePromises = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Virtual time: a queue of events, each run to its end before the next. Everything that happens in
 * a simulation is an event; chance comes from one seed, so the same seed gives the same run.
 */
export class World {
  now = 0;
  events = 0;
  readonly random: Random;
  /** Looked at after every event: the invariants. Throws what ends the run. */
  afterEvent: () => void = () => undefined;
  private order = 0;
  private heap: Event[] = [];
  private stopped: Error | null = null;

  constructor(
    readonly seed: number,
    /** False when nothing in the world uses promises: much faster. */
    private readonly promises: boolean,
  ) {
    this.random = seededRandom(seed);
  }

  /** Runs `callback` after `delayMs` of virtual time; returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void {
    this.order += 1;
    const event: Event = { at: this.now + Math.max(0, delayMs), order: this.order, run: callback };
    this.push(event);
    return () => {
      event.run = null;
    };
  }

  /** Ends the run with this failure. */
  fail(error: Error): void {
    this.stopped ??= error;
  }

  async runUntil(untilMs: number, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone()) {
      const next = this.heap[0];
      if (next === undefined || next.at > untilMs) {
        this.now = Math.max(this.now, untilMs);
        return;
      }
      this.pop();
      if (next.run === null) continue;
      this.now = next.at;
      this.events += 1;
      next.run();
      if (this.promises) await settlePromises();
      this.afterEvent();
      if (this.stopped !== null) throw this.stopped;
    }
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Event;
      if (!earlier(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && earlier(right, heap[child] as Event)) child += 1;
      if (!earlier(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}
