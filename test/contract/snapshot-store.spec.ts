import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId } from '@metad/foundation';
import { PowerLoss, SimulatedDisk } from '@metad/raft/testing';
import { MemorySnapshotStore } from '../../libs/raft/src/storage/memory/memory-snapshot-store.js';
import { openSnapshotStore } from '../../libs/raft/src/storage/snapshots/file-snapshot-store.js';
import { SnapshotCorruption } from '../../libs/raft/src/storage/snapshot-port.js';
import { snapshotAt } from './log-material.js';
import { collect, describeSnapshotStore, streamed } from './snapshot-store.suite.js';
import { stillClock } from './still-clock.js';

describeSnapshotStore('real', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'metad-snapshots-'));
  return {
    open: () => openSnapshotStore({ directory }),
    dispose: () => rm(directory, { recursive: true }),
  };
});

describeSnapshotStore('simulated', async () => {
  const fileSystem = new SimulatedDisk({ clock: stillClock, seed: 1 });
  return {
    open: () => openSnapshotStore({ directory: '/n1', fileSystem }),
    dispose: async () => undefined,
  };
});

describeSnapshotStore('memory', async () => {
  const store = new MemorySnapshotStore();
  return { open: () => store, dispose: async () => undefined };
});

const p1 = partitionId(1);
const chunks = [1, 2, 3].map((byte) => new Uint8Array(600).fill(byte));

describe('a snapshot on a bad disk', () => {
  const open = (fileSystem: SimulatedDisk) => openSnapshotStore({ directory: '/n1', fileSystem });

  /** As the node's log has made it, before a store is opened. */
  async function claim(disk: SimulatedDisk): Promise<void> {
    disk.ensureDirectory('/n1/snapshots');
    for (const path of ['/', '/n1']) await disk.syncDirectory(path);
  }

  it('is there whole or not at all, whichever step the power cut hit', async () => {
    for (let step = 0, cut = true; cut; step += 1) {
      const disk = new SimulatedDisk({ clock: stillClock, seed: step });
      await claim(disk);
      await open(disk).write(p1, snapshotAt(5, 1), streamed(chunks));
      disk.cutPowerAfter(step);
      const store = open(disk);
      const written = await store.write(p1, snapshotAt(9, 1), streamed(chunks)).then(
        () => true,
        (fault: unknown) => {
          expect(fault).toBeInstanceOf(PowerLoss);
          return false;
        },
      );
      cut = !written;
      disk.crash();
      const after = open(disk);
      const latest = after.latest(p1)?.meta.index ?? 0;
      expect(written ? [9] : [5, 9]).toContain(latest);
      expect(await collect(after.read(p1, logIndex(latest)))).toEqual(chunks);
      expect(after.findings).toEqual([]);
    }
  });

  it('is never served with a flipped bit', async () => {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    await open(disk).write(p1, snapshotAt(5, 1), streamed(chunks));
    const [path] = disk.paths() as [string];
    for (let byte = 0; byte < disk.bytesOf(path).length; byte += 1) {
      const copy = disk.clone(byte);
      copy.flipBit(path, byte, byte % 8);
      const store = open(copy);
      const served = store.latest(p1) === null ? null : collect(store.read(p1, logIndex(5)));
      const outcome = await Promise.resolve(served).catch((fault: unknown) => fault);
      if (outcome instanceof SnapshotCorruption || outcome === null) continue;
      // What is left are the bytes that say nothing about the body: the partition in the header.
      expect(outcome).toEqual(chunks);
      expect(byte).toBeLessThan(14);
    }
  });

  it('is received again from what a power cut left of a transfer', async () => {
    const source = new MemorySnapshotStore();
    const stored = await source.write(p1, snapshotAt(9, 1), streamed(chunks));
    for (let step = 0; step < 12; step += 1) {
      const disk = new SimulatedDisk({ clock: stillClock, seed: step });
      disk.cutPowerAfter(step);
      const first = async (): Promise<void> => {
        const receipt = await open(disk).receive(p1, stored);
        await disk.syncDirectory('/n1/snapshots');
        await receipt.put(0, chunks[0] as Uint8Array);
        await receipt.put(1, chunks[1] as Uint8Array);
      };
      await first().catch((fault: unknown) => expect(fault).toBeInstanceOf(PowerLoss));
      disk.crash();
      const receipt = await open(disk).receive(p1, stored);
      expect(receipt.held).toBeLessThanOrEqual(2);
      for (let at = receipt.held; at < 3; at += 1) await receipt.put(at, chunks[at] as Uint8Array);
      expect(await receipt.finish()).toEqual(stored);
      expect(await collect(open(disk).read(p1, logIndex(9)))).toEqual(chunks);
    }
  });
});
