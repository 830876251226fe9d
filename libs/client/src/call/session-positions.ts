import { formatPosition, parsePosition, type PositionPart } from '@metad/contract';

const leftIncarnationsMax = 8;
const partitionsMax = 4_096;

/**
 * How far this client has written (and, if asked, read), by partition: what a `session` query must
 * not fall behind. All positions are of one incarnation; the first reply of another replaces them,
 * and late answers from an incarnation that was left are ignored.
 *
 * Nothing in an incarnation tells which of two is the newer. Assumed is that a reply of one that
 * this session has not met is of a newer history than all it has. A node that lags behind a restore
 * can break that: then the newer history counts as left, until the cluster, asked with a position
 * of the older one, names the newer as its own for as long as the query lasts. That is believed.
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
      if (this.hasLeft(part.incarnation)) continue;
      if (part.incarnation !== this.incarnation) this.enter(part.incarnation);
      this.raise(part);
    }
  }

  /**
   * Takes up a position that is no reply's: one of another incarnation replaces what is here, but
   * may be old itself, so that the incarnation before is not left by it.
   */
  continueFrom(position: string): void {
    for (const part of parsePosition(position)) {
      if (this.hasLeft(part.incarnation)) continue;
      if (part.incarnation !== this.incarnation) this.begin(part.incarnation);
      this.raise(part);
    }
  }

  /** True of an incarnation that a newer one has replaced here: a node that names it lags. */
  hasLeft(incarnation: unknown): boolean {
    return this.left.includes(incarnation as string);
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

  /**
   * The cluster says that its history is `incarnation`: what is noted here of another one means
   * nothing there. Which of the two is the newer shows with the next reply, so none is left by
   * this.
   */
  forget(incarnation: unknown): void {
    if (incarnation === this.incarnation) return;
    const at = this.left.indexOf(incarnation as string);
    if (at >= 0) this.left.splice(at, 1);
    this.begin(this.incarnation);
  }

  /** The incarnation that a reply replaces counts as left. */
  private enter(incarnation: string): void {
    if (this.incarnation !== '') this.left.push(this.incarnation);
    if (this.left.length > leftIncarnationsMax) this.left.shift();
    this.begin(incarnation);
  }

  private begin(incarnation: string): void {
    this.incarnation = incarnation;
    this.indexes.clear();
    this.joined = null;
  }

  private raise({ partition, index }: PositionPart): void {
    if (index <= (this.indexes.get(partition) ?? -1)) return;
    this.indexes.delete(partition); // So that the map stays ordered by the last change.
    this.indexes.set(partition, index);
    this.joined = null;
    if (this.indexes.size > partitionsMax) this.forgetOldest();
  }

  private forgetOldest(): void {
    const [oldest] = this.indexes.keys();
    if (oldest !== undefined) this.indexes.delete(oldest);
  }
}
