import { formatPosition, parsePosition } from '@metad/contract';

const deadIncarnationsMax = 8;
const partitionsMax = 4_096;

/**
 * How far this client has written (and, if asked, read), by partition: what a `session` query must
 * not fall behind. All positions are of one incarnation; the first one of another replaces them,
 * and late answers from an incarnation that was left are ignored.
 */
export class SessionPositions {
  private incarnation = '';
  private readonly indexes = new Map<number, number>();
  private readonly left: string[] = [];
  /** The joined text, made when first asked for after a change. */
  private joined: string | null = null;

  /** Takes a reply's position. Beyond 4,096 partitions the one noted longest ago is forgotten. */
  note(position: string): void {
    for (const part of parsePosition(position)) {
      if (part.incarnation !== this.incarnation && !this.enter(part.incarnation)) continue;
      const known = this.indexes.get(part.partition) ?? -1;
      if (part.index <= known) continue;
      this.indexes.delete(part.partition); // So that the map stays ordered by the last change.
      this.indexes.set(part.partition, part.index);
      this.joined = null;
      if (this.indexes.size > partitionsMax) this.forgetOldest();
    }
  }

  /** The position to ask with, of one partition or of all; undefined when nothing was written. */
  position(partition: number | null): string | undefined {
    if (partition !== null) {
      const index = this.indexes.get(partition);
      return index === undefined ? undefined : formatPosition(this.incarnation, partition, index);
    }
    this.joined ??= [...this.indexes]
      .map(([id, index]) => formatPosition(this.incarnation, id, index))
      .join(',');
    return this.joined === '' ? undefined : this.joined;
  }

  /** The cluster says that its history is another now: nothing noted here means anything there. */
  forget(): void {
    if (this.incarnation !== '') this.leave();
    this.incarnation = '';
  }

  private enter(incarnation: string): boolean {
    if (this.left.includes(incarnation)) return false;
    if (this.incarnation !== '') this.leave();
    this.incarnation = incarnation;
    return true;
  }

  private leave(): void {
    this.left.push(this.incarnation);
    if (this.left.length > deadIncarnationsMax) this.left.shift();
    this.indexes.clear();
    this.joined = null;
  }

  private forgetOldest(): void {
    const [oldest] = this.indexes.keys();
    if (oldest !== undefined) this.indexes.delete(oldest);
  }
}
