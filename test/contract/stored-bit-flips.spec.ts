import { beforeAll, describe, expect, it } from '@jest/globals';
import { logIndex, partitionId, seededRandom } from '@metad/foundation';
import type { Random } from '@metad/foundation';
import { ArchiveCorruption, openArchive, openSnapshotStore, SnapshotCorruption } from '@metad/raft';
import { SimulatedDisk } from '@metad/raft/testing';
import { MemorySnapshotStore } from '../../libs/raft/src/storage/memory/memory-snapshot-store.js';
import { entriesFrom, readAll, runs } from './archive.suite.js';
import { startReplica } from './crash/expect-promises-kept.js';
import { imageAt, live, newLedgers, openStorage, RECEIVED, WORKED } from './crash/storage-life.js';
import { entry, snapshotAt } from './log-material.js';
import { collect, streamed } from './snapshot-store.suite.js';
import { stillClock } from './still-clock.js';

const FLIPS = 1000;
const SNAPSHOTS = '/data/n1/snapshots';
const options = { directory: '/data/n1', clock: stillClock };

const bytesOf = (chunks: readonly Uint8Array[]): string =>
  chunks.map((chunk) => Buffer.from(chunk).toString('base64')).join();

/** Turns one bit somewhere in the files that match, each byte as likely as any other. */
function flipOne(disk: SimulatedDisk, files: RegExp, random: Random): string {
  const paths = disk.paths().filter((path) => files.test(path));
  const sizes = paths.map((path) => disk.bytesOf(path).length);
  let at = random.below(sizes.reduce((sum, size) => sum + size, 0));
  for (const [number, path] of paths.entries()) {
    const size = sizes[number] as number;
    if (at < size) {
      disk.flipBit(path, at, random.below(8));
      return path;
    }
    at -= size;
  }
  throw new Error('no file to harm');
}

/** Puts the bytes of `from` in the place of those of `to`, as a misdirected write does. */
function overwrite(disk: SimulatedDisk, path: string, from: Uint8Array, to: number): void {
  disk.open(path, 'write').write(from, to);
}

describe('snapshots on a rotting disk', () => {
  let sound: SimulatedDisk;
  beforeAll(async () => {
    sound = new SimulatedDisk({ clock: stillClock, seed: 1 });
    await live(sound, newLedgers());
  });

  it(`are never restored with any of ${FLIPS} bit flips`, async () => {
    const random = seededRandom(11);
    let back = 0;
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const disk = sound.clone(flip);
      const path = flipOne(disk, /\.snap$/, random);
      const storage = await openStorage(disk);
      const { log, snapshots } = storage;
      const newest = path.replace(/\d+\.snap$/, '');
      for (const id of [WORKED, RECEIVED]) {
        const { meta, chunks } = await startReplica(storage, id);
        if (meta.index > 0) expect(bytesOf(chunks)).toBe(bytesOf(imageAt(meta.index)));
        // Where the log does not reach back to what could be restored, it is not used either.
        const { kind, reason } = log.damageOf(id) ?? { kind: null, reason: '' };
        expect(log.partition(id).firstIndex()).toBeLessThanOrEqual(meta.index + 1);
        if (kind === null) continue;
        back += 1;
        expect(kind).toBe('corrupt');
        expect(reason).toMatch(/^the snapshot at index \d+ is missing or damaged/);
        expect(newest).toContain(`p${id}.`);
      }
      for (const finding of snapshots.findings) expect(finding).toContain(path);
      await log.close();
    }
    expect(back).toBeGreaterThan(FLIPS / 4);
  });

  it(`are noticed with each of ${FLIPS} bit flips when they are read or sent`, async () => {
    const random = seededRandom(12);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const disk = sound.clone(flip);
      const path = flipOne(disk, /\.snap$/, random);
      const [, id = '', index = ''] = /p(\d+)\.(\d+)\.snap$/.exec(path) ?? [];
      const [partition, at] = [partitionId(Number(id)), logIndex(Number(index))];
      const store = openSnapshotStore({ ...options, fileSystem: disk });
      const faults = [...store.findings];
      const read = await collect(store.read(partition, at)).catch((fault: unknown) => fault);
      if (read instanceof SnapshotCorruption) faults.push(read.message);
      expect(faults.join()).toContain(path);
      const image = imageAt(at);
      for (let chunk = 0; chunk < image.length; chunk += 1) {
        const sent = await store.readChunk(partition, at, chunk).catch((fault: unknown) => fault);
        if (sent instanceof SnapshotCorruption || sent === null) continue;
        expect(bytesOf([sent as Uint8Array])).toBe(bytesOf([image[chunk] as Uint8Array]));
      }
    }
  });

  it(`are received right after any of ${FLIPS} bit flips in the half that was there`, async () => {
    const peer = new MemorySnapshotStore();
    const sent = await peer.write(RECEIVED, snapshotAt(50, 3), streamed(imageAt(50)));
    const half = new SimulatedDisk({ clock: stillClock, seed: 1 });
    const receipt = await openSnapshotStore({ ...options, fileSystem: half }).receive(
      RECEIVED,
      sent,
    );
    for (const at of [0, 1, 2]) await receipt.put(at, imageAt(50)[at] as Uint8Array);
    const random = seededRandom(13);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const disk = half.clone(flip);
      flipOne(disk, /\.part$/, random);
      const store = openSnapshotStore({ ...options, fileSystem: disk });
      const again = await store.receive(RECEIVED, sent);
      for (let at = again.held; at < 4; at += 1) await again.put(at, imageAt(50)[at] as Uint8Array);
      expect(await again.finish()).toEqual(sent);
      const image = await collect(store.read(RECEIVED, logIndex(50)));
      expect(bytesOf(image)).toBe(bytesOf(imageAt(50)));
    }
  });
});

describe('a snapshot whose bytes are sound and in the wrong place', () => {
  const same = [1, 2].map((byte) => new Uint8Array(600).fill(byte));
  const [first, second] = [1, 2].map((of) => `${SNAPSHOTS}/p${of}.${'5'.padStart(15, '0')}.snap`);
  const chunkBytes = 608;

  async function written(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    const store = openSnapshotStore({ ...options, fileSystem: disk });
    await store.write(partitionId(1), snapshotAt(5, 1), streamed(same));
    await store.write(partitionId(2), snapshotAt(5, 1), streamed([...same].reverse()));
    await store.write(partitionId(2), snapshotAt(9, 1), streamed(same));
    return disk;
  }

  it('is refused when one chunk stands in the place of another', async () => {
    const disk = await written();
    const chunk = disk.bytesOf(first as string).slice(14, 14 + chunkBytes);
    overwrite(disk, first as string, chunk, 14 + chunkBytes);
    const store = openSnapshotStore({ ...options, fileSystem: disk });
    const read = collect(store.read(partitionId(1), logIndex(5)));
    await expect(read).rejects.toThrow(SnapshotCorruption);
    await expect(read).rejects.toThrow(first);
  });

  it('is refused when it is that of another partition or index', async () => {
    const disk = await written();
    const newer = `${SNAPSHOTS}/p2.${'9'.padStart(15, '0')}.snap`;
    overwrite(disk, first as string, disk.bytesOf(second as string).slice(), 0);
    disk.rename(newer, `${SNAPSHOTS}/p2.${'8'.padStart(15, '0')}.snap`);
    const store = openSnapshotStore({ ...options, fileSystem: disk });
    expect(store.latest(partitionId(1))).toBe(null);
    expect(store.latest(partitionId(2))?.meta.index).toBe(5);
    expect(store.findings.join()).toMatch(/partition 2.+p1\..+snapshot at 9.+p2\..+8\.snap/s);
  });

  it('is passed over when a replay looks for an older one', async () => {
    const disk = await written();
    disk.flipBit(second as string, disk.bytesOf(second as string).length - 3, 1);
    const store = openSnapshotStore({ ...options, fileSystem: disk });
    expect(store.newestUpTo(partitionId(2), logIndex(8))).toBe(null);
    expect(store.findings.join()).toContain(second);
    expect(store.newestUpTo(partitionId(2), logIndex(9))?.meta.index).toBe(9);
  });
});

describe('the archive on a rotting disk', () => {
  const open = (fileSystem: SimulatedDisk) =>
    openArchive({ ...options, retention: 'keep', fileSystem });
  const p1 = partitionId(1);

  /** Three files, of several blocks each. */
  async function written(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    const archive = open(disk);
    for (const first of [1, 41, 81]) await archive.write(p1, runs(entriesFrom(first, 40)));
    return disk;
  }

  it(`serves no lie after any of ${FLIPS} bit flips, and names the file`, async () => {
    const disk = await written();
    const random = seededRandom(14);
    const texts = entriesFrom(1, 120).map(({ data }) => bytesOf([data]));
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const copy = disk.clone(flip);
      const path = flipOne(copy, /\.arc$/, random);
      const archive = open(copy);
      const { entries, fault } = await readAll(archive, 1);
      expect(fault).toBeInstanceOf(ArchiveCorruption);
      expect((fault as Error).message).toContain(path);
      expect(entries.map(({ data }) => bytesOf([data]))).toEqual(texts.slice(0, entries.length));
      // The files behind it are as good as before.
      const behind = Number(/-(\d+)\./.exec(path)?.[1]) + 1;
      const rest = await readAll(archive, behind);
      expect(rest.entries).toHaveLength(121 - behind);
    }
  });

  it('does not take a sound block in the wrong place for what was asked for', async () => {
    const disk = await written();
    const [path = ''] = disk.paths();
    const block = disk.bytesOf(path).slice(14);
    const sameSize = new SimulatedDisk({ clock: stillClock, seed: 1 });
    await open(sameSize).write(
      p1,
      runs(
        [1, 2, 3].map((at) => entry(at, 1, 'abc')),
        1,
      ),
    );
    const [small = ''] = sameSize.paths();
    const blocks = (sameSize.bytesOf(small).length - 14) / 3;
    const second = sameSize.bytesOf(small).slice(14 + blocks, 14 + 2 * blocks);
    const third = sameSize.bytesOf(small).slice(14 + 2 * blocks);
    overwrite(sameSize, small, third, 14 + blocks);
    overwrite(sameSize, small, second, 14 + 2 * blocks);
    const swapped = await readAll(open(sameSize), 1);
    expect(swapped.entries.map(({ index }) => index)).toEqual([1]);
    expect(swapped.fault).toBeInstanceOf(ArchiveCorruption);
    // A whole file under the name of another.
    overwrite(disk, disk.paths()[1] as string, block, 14);
    const renamed = await readAll(open(disk), 1);
    expect(renamed.entries).toHaveLength(40);
    expect(renamed.fault).toBeInstanceOf(ArchiveCorruption);
  });
});
