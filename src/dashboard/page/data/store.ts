import type {
  ClusterSnapshot,
  CommandFact,
  PartitionView,
  SnapshotDelta,
  SnapshotHead,
} from '../../cluster/snapshot.js';
import type { StreamEvent } from './event-parser.js';

/** Commands the page keeps while it is open; refusals beside the others. */
const commandsMax = 400;
const refusalsMax = 200;
/** Seconds of the cluster's rate that the page remembers. */
export const ratesMax = 90;

/** The newest snapshot, put together from what the stream has brought. */
export class Store {
  head: SnapshotHead | null = null;
  partitions = new Map<number, PartitionView>();
  /** Newest first. */
  commands: readonly CommandFact[] = [];
  readonly rates: number[] = [];

  take({ event, data }: StreamEvent): void {
    if (event === 'snapshot') this.replace(JSON.parse(data) as ClusterSnapshot);
    else if (event === 'delta') this.change(JSON.parse(data) as SnapshotDelta);
  }

  private replace(snapshot: ClusterSnapshot): void {
    this.partitions = new Map(snapshot.partitions.map((view) => [view.partition, view]));
    this.commands = merged(snapshot.commands, this.commands);
    this.takeHead(snapshot);
  }

  private change(delta: SnapshotDelta): void {
    for (const view of delta.partitions) this.partitions.set(view.partition, view);
    for (const id of delta.removedPartitions) this.partitions.delete(id);
    if (delta.commands.length > 0) this.commands = merged(delta.commands, this.commands);
    this.takeHead(delta);
  }

  private takeHead(head: SnapshotHead): void {
    this.head = head;
    if (head.committedRate === null) return;
    this.rates.push(head.committedRate);
    if (this.rates.length > ratesMax) this.rates.shift();
  }
}

/** What is new takes the place of what has its key. */
function merged(fresh: readonly CommandFact[], known: readonly CommandFact[]): CommandFact[] {
  const keys = new Set(fresh.map(({ key }) => key));
  const all = [...fresh, ...known.filter(({ key }) => !keys.has(key))];
  let [others, refused] = [0, 0];
  return all
    .sort((a, b) => b.at - a.at)
    .filter(({ outcome }) =>
      outcome === 'refused' ? (refused += 1) <= refusalsMax : (others += 1) <= commandsMax,
    );
}
