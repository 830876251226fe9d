import { formatPosition, parsePosition } from '@metad/contract';

/** An entry of which not all events have come yet. */
interface OpenEntry {
  readonly index: number;
  /** Events handed out. */
  delivered: number;
  /** Events received since the watch was last opened. */
  received: number;
}

export type Verdict = 'new' | 'repeated' | 'gap';

/**
 * What a watch has received, by partition. `previous` of a change is the event before it that
 * passed the filter: as long as it is not beyond what is known here, nothing is missing.
 */
export class WatchCursor {
  private incarnation = '';
  private readonly complete = new Map<number, number>();
  private readonly open = new Map<number, OpenEntry>();

  get isEmpty(): boolean {
    return this.complete.size === 0;
  }

  /** Where to go on; empty when nothing is known. */
  position(): string {
    return [...this.complete]
      .map(([partition, index]) => formatPosition(this.incarnation, partition, index))
      .join(',');
  }

  /** Everything up to `position` is known: from an open reply, a snapshot's end, or progress. */
  reach(position: string): void {
    for (const { incarnation, partition, index } of parsePosition(position)) {
      this.incarnation = incarnation;
      if (index > (this.complete.get(partition) ?? -1)) this.complete.set(partition, index);
      const open = this.open.get(partition);
      if (open !== undefined && open.index <= index) this.open.delete(partition);
    }
  }

  /** Takes one change in its turn. */
  accept(position: string, previous: string, more: boolean): Verdict {
    const [{ partition, index, incarnation }] = parsePosition(position) as [Part];
    const [before] = parsePosition(previous) as [Part];
    this.incarnation = incarnation;
    const known = this.complete.get(partition);
    if (known !== undefined && index <= known) return 'repeated';
    const open = this.open.get(partition);
    if (before.index === index) {
      if (open?.index !== index) return 'gap'; // The entry's first event is missing.
    } else if (known !== undefined && before.index > known) return 'gap';
    return this.take(partition, index, more);
  }

  /** The watch is opened again: an incomplete entry comes again from its first event. */
  reopened(): void {
    for (const entry of this.open.values()) entry.received = 0;
  }

  forget(): void {
    this.complete.clear();
    this.open.clear();
  }

  private take(partition: number, index: number, more: boolean): Verdict {
    const known = this.open.get(partition);
    const entry = known?.index === index ? known : { index, delivered: 0, received: 0 };
    entry.received += 1;
    const isNew = entry.received > entry.delivered;
    if (isNew) entry.delivered = entry.received;
    if (more) this.open.set(partition, entry);
    else {
      this.open.delete(partition);
      this.complete.set(partition, index);
    }
    return isNew ? 'new' : 'repeated';
  }
}

type Part = ReturnType<typeof parsePosition>[number];
