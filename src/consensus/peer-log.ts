import { MetadError } from '@metad/contract';
import {
  logIndex,
  term,
  type Clock,
  type LogIndex,
  type NodeName,
  type PartitionId,
} from '@metad/foundation';
import type { ConfChange, Entry } from '@metad/raft';
import type { PeerAdmin } from './joining/peer-admin.js';

/** A committed entry as one node tells it to another; `data` in base64. */
export interface ToldEntry {
  readonly index: number;
  readonly term: number;
  readonly kind: Entry['kind'];
  readonly data: string;
  readonly change: ConfChange | null;
}

const askMs = 5_000;
/** How long a reader waits for a node that is away before the entries count as gone. */
const giveUpMs = 300_000;

export const tellEntry = ({ index, term, kind, data, change }: Entry): ToldEntry => ({
  ...{ index, term, kind, change },
  data: Buffer.from(data.buffer, data.byteOffset, data.length).toString('base64'),
});

const heardEntry = (told: ToldEntry): Entry => ({
  index: logIndex(told.index),
  term: term(told.term),
  kind: told.kind,
  data: Buffer.from(told.data, 'base64'),
  change: told.change,
});

/**
 * Committed entries from other nodes. A replica that was brought up to date by a snapshot never had
 * the entries before it; they are the same everywhere, so whoever holds them can tell them. A node
 * that is away may be the one that does: it is waited for, up to `giveUpMs`.
 */
export class PeerLog {
  /** Monotonic time since which nobody has answered with a partition's entries. */
  private readonly waitingSince = new Map<PartitionId, number>();

  constructor(
    private readonly peers: PeerAdmin,
    /** The other members, sorted. */
    private readonly others: () => readonly NodeName[],
    private readonly clock: Clock,
  ) {}

  /**
   * Consecutive entries from `from`, at least one; null when nobody holds it. Throws NO_LEADER
   * while a node that may hold it does not answer: ask again.
   */
  async read(partition: PartitionId, from: LogIndex): Promise<readonly Entry[] | null> {
    const silent: NodeName[] = [];
    for (const peer of this.others()) {
      const told = await this.ask(peer, partition, from);
      if (told === null) silent.push(peer);
      const entries = (told ?? []).map(heardEntry);
      const isWhole = entries.every(({ index }, at) => index === from + at);
      if (entries.length === 0 || !isWhole) continue;
      this.waitingSince.delete(partition);
      return entries;
    }
    if (silent.length > 0 && this.mayWait(partition)) {
      const message = `entries of partition ${partition} from ${from} may be with ${silent.join()}`;
      throw new MetadError('NO_LEADER', `${message}, which does not answer; asking again`);
    }
    this.waitingSince.delete(partition);
    return null;
  }

  private mayWait(partition: PartitionId): boolean {
    const now = this.clock.monotonic();
    const since = this.waitingSince.get(partition) ?? now;
    this.waitingSince.set(partition, since);
    return now - since < giveUpMs;
  }

  /** Null when it does not answer; empty when it does not hold `from`. */
  private async ask(
    peer: NodeName,
    partition: PartitionId,
    from: LogIndex,
  ): Promise<readonly ToldEntry[] | null> {
    try {
      const body = { partition, from };
      const { entries } = await this.peers.ask<{ entries: readonly ToldEntry[] }>(
        peer,
        'log',
        'entries',
        body,
        askMs,
      );
      return entries;
    } catch (error) {
      if (error instanceof MetadError) return null;
      throw error;
    }
  }
}
