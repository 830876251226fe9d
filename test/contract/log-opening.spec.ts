import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { logIndex, partitionId, term } from '@metad/foundation';
import { SimulatedDisk } from '@metad/raft/testing';
import { verifyLog } from '../../libs/raft/src/storage/log/inspect/verify-log.js';
import { dumpLog } from '../../libs/raft/src/storage/log/inspect/dump-log.js';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import type { NodeLogOptions } from '../../libs/raft/src/storage/log/open-node-log.js';
import { LogFailure } from '../../libs/raft/src/storage/log-port.js';
import type { NodeLog } from '../../libs/raft/src/storage/log-port.js';
import { entry, everything, snapshotAt, write } from './log-material.js';
import { stillClock } from './still-clock.js';

const p1 = partitionId(1);
const p2 = partitionId(2);
const segment = (number: number): string => `/n1/log/${String(number).padStart(12, '0')}.log`;

const open = (fileSystem: SimulatedDisk, more: Partial<NodeLogOptions> = {}): Promise<NodeLog> =>
  openNodeLog({
    directory: '/n1',
    cluster: 'c',
    node: 'n1',
    clock: stillClock,
    fileSystem,
    segmentBytes: 1024,
    tailBytesMax: 0,
    ...more,
  });

/** A disk with several segments: partition 1 in all of them, partition 2 in the first alone. */
async function livedIn(entries = 30): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  const log = await open(disk);
  log.create(p1, snapshotAt(0, 0));
  log.create(p2, snapshotAt(0, 0));
  await log.append([write(p2, [entry(1, 1)])], true);
  for (let index = 1; index <= entries; index += 1) {
    await log.append([write(p1, [entry(index, 1, 'x'.repeat(60))])], true);
  }
  await log.close();
  return disk;
}

const look = (fileSystem: SimulatedDisk) => verifyLog({ directory: '/n1', fileSystem });

describe('opening a data directory', () => {
  it('refuses one of another cluster or of another node, and says which', async () => {
    const disk = await livedIn();
    await expect(open(disk, { cluster: 'x' })).rejects.toMatchObject({ code: 'OTHER_CLUSTER' });
    await expect(open(disk, { node: 'n2' })).rejects.toThrow('belongs to node n1, not n2');
    const paths = disk.paths();
    const log = await open(disk);
    await log.close();
    expect(disk.paths().length).toBeGreaterThanOrEqual(paths.length - 2);
  });

  it('refuses a second process while the first lives, and takes over from a dead one', async () => {
    const disk = await livedIn();
    const first = await open(disk);
    await expect(open(disk)).rejects.toThrow('in use');
    await first.close();
    const second = await open(disk);
    disk.kill();
    const third = await open(disk);
    await third.close();
    await second.close().catch(() => undefined);
  });

  it('refuses a log without a stamp, and rewrites a lost or damaged copy of it', async () => {
    const disk = await livedIn();
    disk.flipBit('/n1/metad.stamp', 5, 1);
    const log = await open(disk);
    expect(log.report().findings).toEqual(['a damaged copy of the stamp was rewritten']);
    await log.close();
    disk.remove('/n1/metad.stamp');
    disk.remove('/n1/metad.stamp.copy');
    await expect(open(disk)).rejects.toMatchObject({ code: 'NO_STAMP' });
  });

  it('says that a directory is new, so that a node with an old name does not vote', async () => {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    expect((await open(disk)).report().fresh).toBe(true);
  });

  it('refuses a stamped directory whose log is gone: it may have voted', async () => {
    const disk = await livedIn();
    for (const path of disk.paths()) if (path.includes('/log/')) disk.remove(path);
    const { steps } = disk;
    await expect(open(disk)).rejects.toMatchObject({ code: 'LOG_LOST' });
    expect(() => look(disk)).toThrow('its log is gone');
    expect(disk.steps).toBe(steps);
  });

  it('begins anew where nothing was ever written, however often it was interrupted', async () => {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    for (let step = 0, wasCut = true; wasCut; step += 1) {
      disk.cutPowerAfter(step);
      const opened = await open(disk).catch((fault: unknown) => fault);
      wasCut = disk.cutDuring !== null;
      if (!wasCut) expect(opened).not.toBeInstanceOf(Error);
      disk.crash();
    }
    for (let opening = 0; opening < 2; opening += 1) {
      const log = await open(disk);
      expect(log.recovered()).toEqual([]);
      disk.kill();
    }
  });

  it('removes a segment that was only half made', async () => {
    const disk = await livedIn();
    const numbers = look(disk).segments.length;
    const half = disk.open(segment(numbers + 1), 'create');
    half.write(new Uint8Array(10).fill(9), 0);
    expect(look(disk).actions.join()).toContain('which holds nothing acknowledged');
    const log = await open(disk);
    expect(log.recovered().map((found) => found.state)).toEqual(['sound', 'sound']);
    expect(log.partition(p1).lastIndex()).toBe(30);
    await log.close();
  });

  it('notices a segment missing in the middle, and whom it may have touched', async () => {
    const disk = await livedIn();
    disk.remove(segment(3));
    for (let opening = 0; opening < 2; opening += 1) {
      const log = await open(disk);
      const [one, two] = log.recovered();
      expect(one).toMatchObject({ state: 'corrupt', hardState: { vote: null } });
      expect(one?.reason).toContain('missing');
      // Partition 2 wrote nothing after it: whether it lost something cannot be known.
      expect(two?.state).toBe('corrupt');
      expect(log.report().unattributed).toBe('corrupt');
      const kept = everything(log.partition(p1)).entries;
      expect(kept.length).toBeGreaterThan(3);
      expect(kept.map((found) => found.index)).toEqual(kept.map((_, at) => at + 1));
      log.create(partitionId(20 + opening), snapshotAt(0, 0));
      expect(log.damageOf(partitionId(20 + opening))?.reason).toContain('lost');
      await log.close();
    }
  });

  it('notices the newest segment missing, by the one prepared behind it', async () => {
    const disk = await livedIn();
    const numbers = look(disk).segments.length;
    disk.remove(segment(numbers));
    const log = await open(disk);
    expect(log.recovered().map((found) => found.state)).toEqual(['corrupt', 'corrupt']);
    await log.close();
  });

  it('makes a partition anew whose beginning went with the oldest segment', async () => {
    const disk = await livedIn();
    disk.remove(segment(1));
    expect(look(disk).partitions[0]?.reason).toContain('beginning');
    const log = await open(disk);
    expect(log.recovered().map((found) => found.partition)).not.toContain(p1);
    log.create(p1, snapshotAt(0, 0));
    expect(log.damageOf(p1)).toMatchObject({ kind: 'corrupt' });
    await log.heal(p1, { term: term(9), vote: null, commit: logIndex(0) });
    await log.close();
    const again = await open(disk);
    expect(again.recovered()[0]).toMatchObject({ partition: 1, state: 'sound' });
    await again.close();
  });

  it('clears a partition that can prove it lost nothing', async () => {
    const disk = await livedIn();
    const log = await open(disk);
    await log.append([write(p2, [entry(2, 1)])], true);
    await log.close();
    disk.remove(segment(3));
    const again = await open(disk);
    expect(again.damageOf(p1)?.reason).toContain('missing');
    expect(again.damageOf(p2)).toBe(null);
    expect(again.partition(p2).lastIndex()).toBe(2);
    await again.close();
  });

  it('cuts a torn tail, which nobody was promised', async () => {
    const disk = await livedIn();
    const log = await open(disk);
    await log.append([write(p1, [entry(31, 1)])], true);
    await log.append([write(p1, [entry(32, 1, 'y'.repeat(300))])], false);
    disk.kill();
    flip(disk, 'yyyy');
    const again = await open(disk);
    expect(again.report()).toMatchObject({ unattributed: null, cutBytes: expect.any(Number) });
    expect(again.report().findings.join()).toContain('a torn tail');
    expect(again.recovered().map((found) => found.state)).toEqual(['sound', 'sound']);
    expect(again.partition(p1).lastIndex()).toBe(31);
    await again.close();
  });
});

/** Turns a bit of the newest place where these letters stand; `back` bytes before it. */
function flip(disk: SimulatedDisk, letters: string, back = 0): void {
  const placeIn = (name: string): number => Buffer.from(disk.bytesOf(name)).lastIndexOf(letters);
  const path = disk.paths().findLast((name) => placeIn(name) >= 0) ?? '';
  disk.flipBit(path, placeIn(path) - back, 0);
}

describe('the newest acknowledged batch, when it is damaged', () => {
  /** Acknowledged and not sealed: the process died at once. */
  async function died(): Promise<SimulatedDisk> {
    const disk = await livedIn();
    const log = await open(disk);
    await log.append([write(p1, [entry(31, 1)])], true);
    await log.append([write(p1, [entry(32, 1, 'y'.repeat(300))])], true);
    disk.kill();
    return disk;
  }

  it('is not taken for a torn one: the partition it touches is suspect, and stays so', async () => {
    const disk = await died();
    flip(disk, 'yyyy');
    expect(look(disk)).toMatchObject({ sound: false, partitions: [{ state: 'suspect' }, {}] });
    for (let opening = 0; opening < 3; opening += 1) {
      const log = await open(disk);
      expect(log.recovered()).toMatchObject([
        { partition: 1, state: 'suspect', hardState: { vote: null } },
        { partition: 2, state: 'sound' },
      ]);
      expect(log.damageOf(p1)).toMatchObject({ kind: 'suspect' });
      expect(log.report().unattributed).toBe(null);
      expect(log.partition(p1).lastIndex()).toBe(31);
      if (opening < 2) disk.kill();
      else {
        await log.append([write(p1, [entry(32, 2)])], true);
        await log.heal(p1, { term: term(2), vote: null, commit: logIndex(32) });
        disk.kill();
      }
    }
    const healed = await open(disk);
    expect(healed.recovered().map((found) => found.state)).toEqual(['sound', 'sound']);
    expect(healed.partition(p1).lastIndex()).toBe(32);
  });

  it('makes all partitions suspect when it is not known whose records it held', async () => {
    const disk = await died();
    flip(disk, 'yyyy', 300 + 36 + 20); // In the header of the batch, or of the record in it.
    const healed = { term: term(3), vote: null, commit: logIndex(0) };
    for (let opening = 0; opening < 2; opening += 1) {
      const log = await open(disk);
      const states = log.recovered().map((found) => found.state);
      expect(states.slice(0, 2)).toEqual(['suspect', 'suspect']);
      // A partition that nothing is left of may have had its beginning in that batch.
      expect(log.report().unattributed).toBe('suspect');
      const made = partitionId(20 + opening);
      log.create(made, snapshotAt(0, 0));
      expect(log.damageOf(made)).toMatchObject({ kind: 'suspect' });
      await log.heal(made, healed);
      if (opening === 1) await Promise.all([p1, p2].map((id) => log.heal(id, healed)));
      disk.kill();
    }
    const log = await open(disk);
    expect(new Set(log.recovered().map((found) => found.state))).toEqual(new Set(['sound']));
    expect(log.partition(p1).lastIndex()).toBe(31);
  });

  it('is served when only its mark is damaged', async () => {
    const disk = await died();
    for (const candidate of disk.paths().filter((name) => name.endsWith('.log'))) {
      const { length } = disk.bytesOf(candidate);
      for (const at of [length - 4096, length - 8192]) if (at > 0) disk.flipBit(candidate, at, 3);
    }
    const log = await open(disk);
    expect(log.recovered().map((found) => found.state)).toEqual(['sound', 'sound']);
    expect(log.partition(p1).lastIndex()).toBe(32);
  });

  it('is known to be lost when the damage comes after a restart, even an idle one', async () => {
    const disk = await died();
    const log = await open(disk);
    expect(log.partition(p1).lastIndex()).toBe(32);
    disk.kill();
    flip(disk, 'yyyy');
    const again = await open(disk);
    expect(again.damageOf(p1)).toMatchObject({ kind: 'corrupt' });
    expect(again.damageOf(p2)).toBe(null);
  });
});

describe('a log that cannot be written', () => {
  it.each(['write', 'sync'])('fails for ever after one failed %s', async (what) => {
    const disk = await livedIn();
    const log = await open(disk);
    if (what === 'write') disk.failNextWrites(1);
    else disk.failNextSyncs(9);
    await expect(log.append([write(p1, [entry(31, 1)])], true)).rejects.toThrow('EIO');
    await expect(log.append([write(p1, [entry(32, 1)])], true)).rejects.toThrow(LogFailure);
    disk.crash();
    const again = await open(disk);
    expect(again.recovered().map((found) => found.state)).toEqual(['sound', 'sound']);
    expect(again.partition(p1).lastIndex()).toBe(30);
  });

  it('asks to refuse growth long before the disk is full, and recovers by itself', async () => {
    const disk = await livedIn();
    let now = 0;
    const clock = { ...stillClock, monotonic: () => now };
    const log = await open(disk, { clock, disk: { logBytesMax: 12_000 } });
    expect(log.isStorageFull()).toBe(false);
    for (let index = 31; index <= 90; index += 1) {
      await log.append([write(p1, [entry(index, 1, 'x'.repeat(120))])], true);
    }
    now += 1000;
    expect(log.stats().storageFull).toBe(true);
    log.compact(p1, snapshotAt(89, 1), logIndex(89));
    for (let index = 91; index < 120; index += 1) {
      await log.append([write(p1, [entry(index, 1)])], true);
      await new Promise((done) => setImmediate(done));
    }
    now += 1000;
    expect(log.isStorageFull()).toBe(false);
    await log.close();
  });

  it('does not let one idle partition hold old segments for ever', async () => {
    const disk = await livedIn(5);
    const log = await open(disk);
    for (let index = 6; index <= 300; index += 1) {
      await log.append([write(p1, [entry(index, 1, 'x'.repeat(60))])], true);
      if (index % 20 === 0) log.compact(p1, snapshotAt(index, 1), logIndex(index - 5));
      await new Promise((done) => setImmediate(done));
    }
    expect(log.stats().segments).toBeLessThan(12);
    expect(disk.paths()).not.toContain(segment(1));
    expect(log.stats().cleaningFault).toBe(null);
    await log.close();
    const again = await open(disk);
    expect(everything(again.partition(p2)).entries).toEqual([entry(1, 1)]);
    expect(again.partition(p1).lastIndex()).toBe(300);
    await again.close();
  });
});

describe('looking at a log offline', () => {
  it('tells what recovery would do, and changes nothing', async () => {
    const disk = await livedIn();
    const before = disk.steps;
    const verdict = look(disk);
    expect(verdict).toMatchObject({ cluster: 'c', node: 'n1', sound: true, findings: [] });
    expect(verdict.partitions).toMatchObject([
      { partition: 1, state: 'sound', firstIndex: 1, lastIndex: 30 },
      { partition: 2, state: 'sound', firstIndex: 1, lastIndex: 1 },
    ]);
    disk.flipBit(segment(2), 300, 2);
    const worse = look(disk);
    expect(worse.sound).toBe(false);
    expect(worse.actions.join('\n')).toContain('refuse partition 1 until refilled');
    expect(disk.steps).toBe(before);
  });

  it('dumps every record, with the entries inside', async () => {
    const disk = await livedIn();
    const options = { directory: '/n1', fileSystem: disk, partition: p1 };
    const records = [...dumpLog(options)];
    expect(records[0]).toMatchObject({ type: 'standing', sequence: 1, sound: true });
    const entries = records.flatMap((record) => record.entries ?? []);
    expect(entries.map((found) => found.index)).toEqual(entries.map((_, at) => at + 1));
    expect(entries).toHaveLength(30);
    const hurt = records[4] as (typeof records)[0];
    disk.flipBit(`/n1/log/${hurt.file}`, hurt.offset + 50, 1);
    expect([...dumpLog(options)].filter((record) => !record.sound)).toHaveLength(1);
  });

  it('refuses a directory that is not a data directory', () => {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    expect(() => look(disk)).toThrow('no readable stamp');
  });
});

describe('the lock of a real directory', () => {
  it('is taken over from a process that is gone, and from nobody else', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'metad-lock-'));
    const options = { directory, cluster: 'c', node: 'n1', clock: stillClock, segmentBytes: 4096 };
    const first = await openNodeLog(options);
    await expect(openNodeLog(options)).rejects.toThrow(`in use by process ${process.pid}`);
    const held = JSON.parse(await readFile(join(directory, 'lock'), 'utf8')) as object;
    await first.close();
    await writeFile(join(directory, 'lock'), JSON.stringify({ ...held, pid: 2 ** 22 + 1 }));
    const second = await openNodeLog(options);
    second.create(p1, snapshotAt(0, 0));
    await second.append([write(p1, [], { term: term(1), vote: null, commit: logIndex(0) })], true);
    await second.close();
    await writeFile(join(directory, 'lock'), JSON.stringify({ ...held, started: '1' }));
    const third = await openNodeLog(options);
    await third.close();
    await rm(directory, { recursive: true });
  });
});
