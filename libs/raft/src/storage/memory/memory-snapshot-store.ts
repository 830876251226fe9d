import type { LogIndex, PartitionId } from '@metad/foundation';
import type { SnapshotMeta } from '../../core/index.js';
import { checksum } from '../log/format/checksum.js';
import type { SnapshotReceipt, SnapshotStore, StoredSnapshot } from '../snapshot-port.js';

interface Held {
  readonly stored: StoredSnapshot;
  readonly chunks: readonly Uint8Array[];
}

function summary(meta: SnapshotMeta, chunks: readonly Uint8Array[]): StoredSnapshot {
  let bytes = 0;
  let sum = 0;
  for (const chunk of chunks) {
    bytes += chunk.length;
    sum = checksum(chunk, 0, chunk.length, sum);
  }
  return { meta, bytes, chunks: chunks.length, checksum: sum };
}

/** Snapshots without a disk, for tests and demonstrations. */
export class MemorySnapshotStore implements SnapshotStore {
  private readonly held = new Map<PartitionId, Held[]>();
  private readonly parts = new Map<string, Uint8Array[]>();

  latest(partition: PartitionId): StoredSnapshot | null {
    return this.held.get(partition)?.at(-1)?.stored ?? null;
  }

  newestUpTo(partition: PartitionId, atMost: LogIndex): StoredSnapshot | null {
    const held = this.held.get(partition) ?? [];
    return held.findLast(({ stored }) => stored.meta.index <= atMost)?.stored ?? null;
  }

  async write(
    partition: PartitionId,
    meta: SnapshotMeta,
    chunks: AsyncIterable<Uint8Array>,
  ): Promise<StoredSnapshot> {
    const copies: Uint8Array[] = [];
    // Not slice(): of a Buffer that is a view.
    for await (const chunk of chunks) copies.push(Uint8Array.from(chunk));
    return this.keep(partition, { stored: summary(meta, copies), chunks: copies });
  }

  private keep(partition: PartitionId, held: Held): StoredSnapshot {
    const { index } = held.stored.meta;
    const others = (this.held.get(partition) ?? []).filter(
      (other) => other.stored.meta.index !== index,
    );
    const all = [...others, held].sort((a, b) => a.stored.meta.index - b.stored.meta.index);
    this.held.set(partition, all);
    return held.stored;
  }

  private find(partition: PartitionId, index: LogIndex): Held | undefined {
    return this.held.get(partition)?.find((held) => held.stored.meta.index === index);
  }

  async *read(partition: PartitionId, index: LogIndex): AsyncGenerator<Uint8Array> {
    const held = this.find(partition, index);
    if (held === undefined) throw new Error(`no snapshot of ${partition} at ${index}`);
    yield* held.chunks;
  }

  async readChunk(
    partition: PartitionId,
    index: LogIndex,
    chunk: number,
  ): Promise<Uint8Array | null> {
    return this.find(partition, index)?.chunks[chunk] ?? null;
  }

  async receive(partition: PartitionId, snapshot: StoredSnapshot): Promise<SnapshotReceipt> {
    const key = `${partition}/${snapshot.meta.index}/${snapshot.checksum}`;
    const part = this.parts.get(key) ?? [];
    this.parts.set(key, part);
    return {
      get held() {
        return part.length;
      },
      put: async (chunk, bytes) => {
        if (chunk > part.length || chunk >= snapshot.chunks) {
          throw new RangeError(`chunk ${chunk} came where ${part.length} was expected`);
        }
        if (chunk === part.length) part.push(bytes.slice());
      },
      finish: async () => {
        this.parts.delete(key);
        const arrived = summary(snapshot.meta, part);
        if (arrived.checksum !== snapshot.checksum || arrived.bytes !== snapshot.bytes) {
          throw new Error(`the snapshot of partition ${partition} did not arrive whole`);
        }
        return this.keep(partition, { stored: arrived, chunks: part });
      },
      abandon: async () => {
        this.parts.delete(key);
      },
    };
  }

  async prune(partition: PartitionId, keep: number): Promise<void> {
    const held = this.held.get(partition) ?? [];
    this.held.set(partition, held.slice(Math.max(0, held.length - keep)));
  }
}
