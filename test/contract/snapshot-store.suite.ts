import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import type { SnapshotStore, StoredSnapshot } from '../../libs/raft/src/storage/snapshot-port.js';
import { snapshotAt } from './log-material.js';

/** A place where a snapshot store can be opened again. */
export interface SnapshotHarness {
  open(): SnapshotStore;
  dispose(): Promise<void>;
}

const p1 = partitionId(1);
const body = (seed: number): Uint8Array[] =>
  [0, 1, 70_000, 300, 5].map((length, at) => new Uint8Array(length).fill(seed + at));

export async function* streamed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const chunk of chunks) found.push(chunk);
  return found;
}

/** Sends a stored snapshot from one store to another, `upTo` chunks of it. */
async function transfer(
  from: SnapshotStore,
  to: SnapshotStore,
  stored: StoredSnapshot,
  upTo = stored.chunks,
): Promise<StoredSnapshot | null> {
  const receipt = await to.receive(p1, stored);
  for (let chunk = receipt.held; chunk < upTo; chunk += 1) {
    const bytes = await from.readChunk(p1, stored.meta.index, chunk);
    await receipt.put(chunk, bytes ?? new Uint8Array(0));
  }
  return upTo === stored.chunks ? receipt.finish() : null;
}

/** What every snapshot store must do. */
export function describeSnapshotStore(name: string, start: () => Promise<SnapshotHarness>): void {
  describe(`the ${name} snapshot store`, () => {
    let harness: SnapshotHarness;
    let other: SnapshotHarness;
    beforeEach(async () => {
      harness = await start();
      other = await start();
    });
    afterEach(async () => {
      await harness.dispose();
      await other.dispose();
    });

    it('has none before one is written, and then the newest', async () => {
      const store = harness.open();
      expect(store.latest(p1)).toBe(null);
      await store.write(p1, snapshotAt(10, 2), streamed(body(1)));
      const newest = await store.write(p1, snapshotAt(20, 3), streamed(body(2)));
      expect(newest).toMatchObject({ bytes: 70_306, chunks: 5, meta: { index: 20, term: 3 } });
      expect(harness.open().latest(p1)).toEqual(newest);
      expect(harness.open().latest(partitionId(2))).toBe(null);
    });

    it('finds the newest at or below an index, where a replay can begin', async () => {
      const store = harness.open();
      const first = await store.write(p1, snapshotAt(10, 2), streamed(body(1)));
      const second = await store.write(p1, snapshotAt(20, 3), streamed(body(2)));
      expect(store.newestUpTo(p1, logIndex(9))).toBe(null);
      expect(store.newestUpTo(p1, logIndex(19))).toEqual(first);
      expect(store.newestUpTo(p1, logIndex(20))).toEqual(second);
    });

    it('gives back the chunks as they came, also those of the one before', async () => {
      const store = harness.open();
      await store.write(p1, snapshotAt(10, 2), streamed(body(1)));
      await store.write(p1, snapshotAt(20, 3), streamed(body(2)));
      expect(await collect(store.read(p1, logIndex(20)))).toEqual(body(2));
      expect(await collect(store.read(p1, logIndex(10)))).toEqual(body(1));
      expect(await store.readChunk(p1, logIndex(20), 3)).toEqual(body(2)[3]);
      expect(await store.readChunk(p1, logIndex(20), 5)).toBe(null);
      expect(await store.readChunk(p1, logIndex(15), 0)).toBe(null);
    });

    it('keeps nothing of a snapshot whose source failed', async () => {
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(10);
        throw new Error('the state machine stopped');
      }
      const store = harness.open();
      await expect(store.write(p1, snapshotAt(10, 2), failing())).rejects.toThrow('stopped');
      expect(store.latest(p1)).toBe(null);
      expect(harness.open().latest(p1)).toBe(null);
    });

    it('sends a snapshot to another store, equal to the bit', async () => {
      const [from, to] = [harness.open(), other.open()];
      const stored = await from.write(p1, snapshotAt(10, 2), streamed(body(1)));
      expect(await transfer(from, to, stored)).toEqual(stored);
      expect(await collect(other.open().read(p1, logIndex(10)))).toEqual(body(1));
    });

    it('goes on with a transfer where it was broken off', async () => {
      const [from, to] = [harness.open(), other.open()];
      const stored = await from.write(p1, snapshotAt(10, 2), streamed(body(1)));
      await transfer(from, to, stored, 3);
      const again = other.open();
      expect(again.latest(p1)).toBe(null);
      expect((await again.receive(p1, stored)).held).toBe(3);
      expect(await transfer(from, other.open(), stored)).toEqual(stored);
    });

    it('ignores a chunk that it holds and refuses one that leaves a hole', async () => {
      const from = harness.open();
      const stored = await from.write(p1, snapshotAt(10, 2), streamed(body(1)));
      const receipt = await other.open().receive(p1, stored);
      await receipt.put(0, body(1)[0] as Uint8Array);
      await receipt.put(0, new Uint8Array(9));
      await expect(receipt.put(2, new Uint8Array(1))).rejects.toThrow('expected');
      expect(receipt.held).toBe(1);
    });

    it('does not show a snapshot that arrived wrong, and begins anew', async () => {
      const [from, to] = [harness.open(), other.open()];
      const stored = await from.write(p1, snapshotAt(10, 2), streamed(body(1)));
      const receipt = await to.receive(p1, stored);
      for (let chunk = 0; chunk < 5; chunk += 1) await receipt.put(chunk, new Uint8Array(3));
      await expect(receipt.finish()).rejects.toThrow('did not arrive');
      expect(to.latest(p1)).toBe(null);
      expect((await to.receive(p1, stored)).held).toBe(0);
    });

    it('prunes all but the newest', async () => {
      const store = harness.open();
      for (const index of [10, 20, 30]) {
        await store.write(p1, snapshotAt(index, 1), streamed(body(index)));
      }
      await store.prune(p1, 2);
      expect(await store.readChunk(p1, logIndex(10), 0)).toBe(null);
      expect(await collect(harness.open().read(p1, logIndex(20)))).toEqual(body(20));
      expect(harness.open().latest(p1)?.meta.index).toBe(30);
    });
  });
}
