import type { Clock } from '@metad/foundation';
import { bounded, type AuditEvent, type AuditKind, type StoredAuditEvent } from './audit-event.js';
import { AuditQueue, type DropCounts } from './audit-queue.js';
import { Unstorable, type AuditQuery, type AuditStore } from './audit-store.js';

export interface AuditLogOptions {
  readonly clock: Clock;
  readonly onTrouble: (reason: string, error: unknown) => void;
  readonly queueMax?: number;
}

const queueMax = 4_096;
/** One batch at a time and a pause after each: at most a thousand rows a second reach the store. */
const batchMax = 500;
const pauseMs = 500;
const pauseMsMax = 10_000;
/** Failures in a row that are not told of: at a first start the tables are not there at once. */
const quietFailures = 2;

/**
 * Who did what, when, with which outcome. Recording never waits and never fails; storing happens
 * behind, and what the queue cannot hold meanwhile is dropped, oldest first, and counted.
 */
export class AuditLog {
  private readonly queue: AuditQueue;
  private readonly recorded: Record<AuditKind, number> = {
    administration: 0,
    command: 0,
    access: 0,
  };
  private storing: Promise<void> | null = null;
  private isTimed = false;
  private failures = 0;
  private stopped = false;

  constructor(
    private readonly store: AuditStore,
    private readonly options: AuditLogOptions,
  ) {
    this.queue = new AuditQueue(options.queueMax ?? queueMax);
  }

  record(event: Omit<AuditEvent, 'at'>): void {
    this.recorded[event.kind] += 1;
    this.queue.push(bounded({ ...event, at: this.options.clock.now() }));
    this.storeLater(pauseMs);
  }

  /** What was recorded before is in it. Rejects when the store cannot be read now. */
  async list(query: AuditQuery): Promise<readonly StoredAuditEvent[]> {
    await this.storeOnce();
    return this.store.list(query);
  }

  get counts(): Readonly<Record<AuditKind, number>> {
    return { ...this.recorded };
  }

  get drops(): DropCounts {
    return this.queue.drops;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** Stores what waits, as far as the store takes it, and closes. */
  async stop(): Promise<void> {
    this.stopped = true;
    let before = Number.POSITIVE_INFINITY;
    while (this.queue.size > 0 && this.queue.size < before) {
      before = this.queue.size;
      await this.storeOnce();
    }
    await this.store.close();
  }

  private storeLater(delayMs: number): void {
    if (this.isTimed || this.stopped) return;
    this.isTimed = true;
    this.options.clock.after(delayMs, () => {
      this.isTimed = false;
      void this.storeOnce().then(() => {
        if (this.queue.size > 0) this.storeLater(this.pause());
      });
    });
  }

  private pause(): number {
    return Math.min(pauseMs * 2 ** this.failures, pauseMsMax);
  }

  /** One batch, or the one under way. Never rejects. */
  private storeOnce(): Promise<void> {
    this.storing ??= this.storeBatch().finally(() => (this.storing = null));
    return this.storing;
  }

  private async storeBatch(): Promise<void> {
    const batch = this.queue.take(batchMax);
    if (batch.length === 0) return;
    try {
      await this.store.append(batch);
      this.failures = 0;
    } catch (error) {
      if (error instanceof Unstorable) this.queue.countDropped(batch);
      else this.queue.putBack(batch);
      if (this.failures === quietFailures)
        this.options.onTrouble('audited events cannot be stored', error);
      this.failures += 1;
    }
  }
}
