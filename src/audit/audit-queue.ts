import type { AuditEvent, AuditKind } from './audit-event.js';

export type DropCounts = Readonly<Record<AuditKind, number>>;

/**
 * What waits to be stored. When it is full the oldest goes and is counted: first of refused
 * commands and access, which anybody can make many of, and of administrative acts only when there
 * is nothing else. So no flood can push out what an operator did.
 */
export class AuditQueue {
  private acts: AuditEvent[] = [];
  private refusals: AuditEvent[] = [];
  private readonly dropped: Record<AuditKind, number> = {
    administration: 0,
    command: 0,
    access: 0,
  };

  constructor(private readonly eventsMax: number) {}

  get size(): number {
    return this.acts.length + this.refusals.length;
  }

  get drops(): DropCounts {
    return { ...this.dropped };
  }

  push(event: AuditEvent): void {
    (event.kind === 'administration' ? this.acts : this.refusals).push(event);
    this.shrink();
  }

  /** Up to `max` events, acts first, each sort in its order. */
  take(max: number): AuditEvent[] {
    const acts = this.acts.splice(0, max);
    return [...acts, ...this.refusals.splice(0, max - acts.length)];
  }

  /** What could not be stored goes back to the front. */
  putBack(events: readonly AuditEvent[]): void {
    this.acts.unshift(...events.filter(({ kind }) => kind === 'administration'));
    this.refusals.unshift(...events.filter(({ kind }) => kind !== 'administration'));
    this.shrink();
  }

  countDropped(events: readonly AuditEvent[]): void {
    for (const { kind } of events) this.dropped[kind] += 1;
  }

  private shrink(): void {
    const over = this.size - this.eventsMax;
    if (over <= 0) return;
    const refusals = this.refusals.splice(0, over);
    this.countDropped(refusals);
    this.countDropped(this.acts.splice(0, over - refusals.length));
  }
}
