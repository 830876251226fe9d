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
    // By hand, since this is done for every event; the regular parser checks what users give.
    const indexAt = position.lastIndexOf('.');
    const partitionAt = position.lastIndexOf('.', indexAt - 1);
    const partition = Number(position.slice(partitionAt + 1, indexAt));
    const index = Number(position.slice(indexAt + 1));
    const before = Number(previous.slice(previous.lastIndexOf('.') + 1));
    if (!(index > 0) || !(before >= 0)) return 'gap'; // No server of ours says that.
    if (this.incarnation === '') this.incarnation = position.slice(3, partitionAt);
    const known = this.complete.get(partition);
    if (known !== undefined && index <= known) return 'repeated';
    if (before === index) {
      if (this.open.get(partition)?.index !== index) return 'gap'; // Its first event is missing.
    } else if (known !== undefined && before > known) return 'gap';
    return this.take(partition, index, more);
  }

  /** The watch is opened again: an incomplete entry comes again from its first event. */
  reopened(): void {
    for (const entry of this.open.values()) entry.received = 0;
  }

  forget(): void {
    this.incarnation = '';
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
