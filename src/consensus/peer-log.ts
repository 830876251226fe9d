import { MetadError } from '@metad/contract';
import { logIndex, term, type LogIndex, type NodeName, type PartitionId } from '@metad/foundation';
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
 * the entries before it; they are the same everywhere, so whoever holds them can tell them.
 */
export class PeerLog {
  constructor(
    private readonly peers: PeerAdmin,
    /** The other members, sorted. */
    private readonly others: () => readonly NodeName[],
  ) {}

  /** Consecutive entries from `from`, at least one; null when no peer that answers holds it. */
  async read(partition: PartitionId, from: LogIndex): Promise<readonly Entry[] | null> {
    for (const peer of this.others()) {
      const told = await this.ask(peer, partition, from);
      const entries = told.map(heardEntry);
      const isWhole = entries.every(({ index }, at) => index === from + at);
      if (entries.length > 0 && isWhole) return entries;
    }
    return null;
  }

  private async ask(
    peer: NodeName,
    partition: PartitionId,
    from: LogIndex,
  ): Promise<readonly ToldEntry[]> {
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
      if (error instanceof MetadError) return []; // Away, or it has them no more: the next one.
      throw error;
    }
  }
}
