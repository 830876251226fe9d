import type { LogIndex, PartitionId } from '@metad/foundation';
import type { SnapshotMeta, SnapshotStore, StoredSnapshot } from '@metad/raft';

interface Held {
  readonly stored: StoredSnapshot;
  readonly chunks: readonly Uint8Array[];
}

/** Snapshots in memory that outlive the node, as a disk does. */
export class VolatileSnapshots implements SnapshotStore {
  private readonly held = new Map<PartitionId, Held[]>();
  private checksums = 0;

  latest(partition: PartitionId): StoredSnapshot | null {
    return this.held.get(partition)?.at(-1)?.stored ?? null;
  }

  async write(
    partition: PartitionId,
    meta: SnapshotMeta,
    source: AsyncIterable<Uint8Array>,
  ): Promise<StoredSnapshot> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source) chunks.push(new Uint8Array(chunk));
    this.checksums += 1;
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const checksum = meta.index * 1000 + this.checksums;
    const stored = { meta, bytes, chunks: chunks.length, checksum };
    this.keep(partition, { stored, chunks });
    return stored;
  }

  async *read(partition: PartitionId, index: LogIndex): AsyncIterable<Uint8Array> {
    const found = this.held.get(partition)?.find((held) => held.stored.meta.index === index);
    if (found === undefined) throw new Error(`no snapshot of ${partition} at ${index}`);
    yield* found.chunks;
  }

  readChunk(partition: PartitionId, index: LogIndex, chunk: number): Promise<Uint8Array | null> {
    const found = this.held.get(partition)?.find((held) => held.stored.meta.index === index);
    return Promise.resolve(found?.chunks[chunk] ?? null);
  }

  receive(partition: PartitionId, stored: StoredSnapshot): ReturnType<SnapshotStore['receive']> {
    const chunks: Uint8Array[] = [];
    return Promise.resolve({
      held: 0,
      put: async (chunk: number, bytes: Uint8Array) => {
        chunks[chunk] = bytes;
      },
      finish: async () => {
        this.keep(partition, { stored, chunks });
        return stored;
      },
      abandon: async () => {},
    });
  }

  prune(partition: PartitionId, keep: number): Promise<void> {
    this.held.set(partition, (this.held.get(partition) ?? []).slice(-keep));
    return Promise.resolve();
  }

  private keep(partition: PartitionId, held: Held): void {
    this.held.set(partition, [...(this.held.get(partition) ?? []), held]);
  }
}
