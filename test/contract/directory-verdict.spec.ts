import { describe, expect, it } from '@jest/globals';
import { nodeName, term } from '@metad/foundation';
import { verifyDirectory } from '@metad/raft';
import { SimulatedDisk } from '@metad/raft/testing';
import { readStamp, writeStamp } from '../../libs/raft/src/storage/disk/directory-stamp.js';
import { openNodeLog } from '../../libs/raft/src/storage/log/open-node-log.js';
import { writeSegmentHeader } from '../../libs/raft/src/storage/log/segments.js';
import { startReplica } from './crash/expect-promises-kept.js';
import { live, newLedgers, openStorage, RECEIVED, WORKED } from './crash/storage-life.js';
import { entry, write } from './log-material.js';
import { stillClock } from './still-clock.js';

// What `metactl log verify` says of a data directory, and that the node's start does just that.

const directory = '/data/n1';
const PARTITIONS = [WORKED, RECEIVED];

async function livedIn(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
  await live(disk, newLedgers());
  return disk;
}

/** The same, and then the process dies behind an acknowledged write. */
async function died(): Promise<SimulatedDisk> {
  const disk = await livedIn();
  const { log } = await openStorage(disk);
  const last = log.partition(WORKED).lastIndex();
  const hardState = { term: term(9), vote: nodeName('n3'), commit: last };
  await log.append([write(WORKED, [entry(last + 1, 9, 'y'.repeat(200))], hardState)], true);
  disk.kill();
  return disk;
}

const filesIn = (disk: SimulatedDisk, folder: string): string[] =>
  disk.paths().filter((path) => path.startsWith(`${directory}/${folder}/`));

/** Segments that hold records, oldest first. */
const segmentsOf = (disk: SimulatedDisk): string[] =>
  filesIn(disk, 'log').filter((path) => path.endsWith('.log') && disk.bytesOf(path)[0] !== 0);

const middleSegment = (disk: SimulatedDisk): string => segmentsOf(disk).at(-2) as string;

const snapshotsOf = (disk: SimulatedDisk, partition: number): string[] =>
  filesIn(disk, 'snapshots').filter((path) => path.includes(`/p${partition}.`));

function garbage(disk: SimulatedDisk, path: string): void {
  disk.open(path, 'create').write(new Uint8Array(10).fill(9), 0);
}

/** Turns a bit of the newest place where these letters stand. */
function flip(disk: SimulatedDisk, letters: string): void {
  const placeIn = (path: string): number => Buffer.from(disk.bytesOf(path)).lastIndexOf(letters);
  const path = disk.paths().findLast((name) => placeIn(name) >= 0) as string;
  disk.flipBit(path, placeIn(path), 0);
}

interface Case {
  readonly harm: (disk: SimulatedDisk) => void;
  readonly from?: () => Promise<SimulatedDisk>;
  readonly sound: boolean;
  /** The states of both partitions. */
  readonly states?: readonly [string, string];
  readonly finds?: RegExp;
  readonly does?: RegExp;
  readonly advises: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  'nothing is wrong': {
    harm: () => undefined,
    sound: true,
    advises: /^start the node: nothing that was acknowledged is missing$/,
  },
  'a segment was being made': {
    harm: (disk) => {
      garbage(disk, `${directory}/log/prepared.tmp`);
      garbage(disk, `${directory}/snapshots/p1.9.tmp`);
    },
    sound: true,
    does: /remove log\/prepared\.tmp.*remove snapshots\/p1\.9\.tmp/s,
    advises: /nothing that was acknowledged is missing/,
  },
  'a segment is half there': {
    harm: (disk) => {
      const [, number] = /(\d{12})\.log$/.exec(filesIn(disk, 'log').at(-1) as string) ?? [];
      const next = String(Number(number) + 1).padStart(12, '0');
      garbage(disk, `${directory}/log/${next}.log`);
    },
    sound: true,
    does: /remove \d{12}\.log, which holds nothing acknowledged/,
    advises: /nothing that was acknowledged is missing/,
  },
  'a segment in the middle is missing': {
    harm: (disk) => disk.remove(middleSegment(disk)),
    sound: false,
    states: ['corrupt', 'corrupt'],
    finds: /segment \d{12}\.log is missing/,
    does: /refuse partition 1 until refilled.*any partition that is created/s,
    advises: /put back before the start.*all other voters of partitions 1, 2 run/s,
  },
  'a copy of the stamp is damaged': {
    harm: (disk) => disk.flipBit(`${directory}/metad.stamp`, 5, 1),
    sound: true,
    finds: /a copy of the stamp is missing or damaged/,
    does: /write the stamp again/,
    advises: /nothing that was acknowledged is missing/,
  },
  'the snapshot that a compacted log begins with is missing': {
    harm: (disk) => snapshotsOf(disk, 1).forEach((path) => disk.remove(path)),
    sound: false,
    states: ['corrupt', 'sound'],
    does: /refuse partition 1 .*the snapshot at index \d+ is missing or damaged/,
    advises: /all other voters of partitions 1 run: it neither votes nor leads/,
  },
  'the newest snapshot is damaged, and the log does not reach back to the older one': {
    harm: (disk) => disk.flipBit(snapshotsOf(disk, 2).at(-1) as string, 40, 1),
    sound: false,
    states: ['sound', 'corrupt'],
    finds: /chunk 0 is damaged in .*p2\.\d+\.snap/,
    does: /pass over snapshots\/p2\.\d+\.snap.*refuse partition 2/s,
    advises: /all other voters of partitions 2 run/,
  },
  'an older snapshot is damaged': {
    harm: (disk) => disk.flipBit(snapshotsOf(disk, 1)[0] as string, 40, 1),
    sound: false,
    states: ['sound', 'sound'],
    finds: /chunk 0 is damaged in .*p1\.\d+\.snap/,
    advises: /^start the node: an older snapshot and the log make up/,
  },
  'the newest acknowledged write is damaged': {
    from: died,
    harm: (disk) => flip(disk, 'yyyy'),
    sound: false,
    states: ['suspect', 'sound'],
    finds: /a record at \d{12}\.log offset \d+ is damaged: partition 1/,
    does: /refuse partition 1 until refilled/,
    advises: /all other voters of partitions 1 run: the newest write was torn/,
  },
  'a file of the archive is damaged': {
    harm: (disk) => disk.flipBit(filesIn(disk, 'archive')[0] as string, 40, 1),
    sound: false,
    states: ['sound', 'sound'],
    finds: /the archive file .*\.arc is damaged at offset 14/,
    advises: /a rebuild of partition 1 from the very beginning needs entries 1 … \d+/,
  },
};

describe('the verdict on a data directory', () => {
  it.each(Object.entries(CASES))('tells what a start does when %s', async (_what, one) => {
    const disk = await (one.from ?? livedIn)();
    one.harm(disk);
    const { steps } = disk;
    const verdict = await verifyDirectory({ directory, fileSystem: disk });
    expect(disk.steps).toBe(steps);
    expect(verdict.sound).toBe(one.sound);
    expect(verdict.findings.join('\n')).toMatch(one.finds ?? /^$/);
    expect(verdict.actions.join('\n')).toMatch(one.does ?? /./);
    expect(verdict.advice.join('\n')).toMatch(one.advises);
    const states = one.states ?? ['sound', 'sound'];
    expect(verdict.partitions.map(({ state }) => state)).toEqual(states);
    // The node does just that.
    const storage = await openStorage(disk);
    expect(storage.log.report().unattributed).toBe(verdict.unattributed);
    for (const [at, id] of PARTITIONS.entries()) {
      await startReplica(storage, id);
      const { kind, reason } = storage.log.damageOf(id) ?? { kind: 'sound', reason: null };
      expect(kind).toBe(states[at]);
      expect(reason).toBe(verdict.partitions[at]?.reason);
    }
    await storage.log.close();
  });

  it('is none to rely on while a node runs there', async () => {
    const disk = await livedIn();
    const { log } = await openStorage(disk);
    const { steps } = disk;
    const verdict = await verifyDirectory({ directory, fileSystem: disk });
    expect(disk.steps).toBe(steps);
    expect(verdict.heldBy).toBe('a process of this machine');
    expect(verdict.findings[0]).toMatch(/a process of this machine runs on .*a moving target/);
    expect(verdict.advice).toEqual([expect.stringMatching(/^stop the node, then verify again/)]);
    await log.close();
    const after = await verifyDirectory({ directory, fileSystem: disk });
    expect(after).toMatchObject({ heldBy: null, sound: true, findings: [] });
  });

  it('says so when a file goes away under it', async () => {
    const disk = await livedIn();
    const { log } = await openStorage(disk);
    const [real = ''] = disk.list(`${directory}/archive`);
    const gone = real.replace(/\d(?=\.arc$)/, (digit) => String((Number(digit) + 1) % 10));
    const list = (path: string) => (path.endsWith('/archive') ? [gone] : disk.list(path));
    const vanishing = Object.assign(Object.create(disk) as SimulatedDisk, { list });
    const verdict = verifyDirectory({ directory, fileSystem: vanishing });
    await expect(verdict).rejects.toThrow(/changed while it was read: .*Stop the node/);
    await log.close();
  });

  it('sees what a partition lost with the segment of its beginning', async () => {
    const disk = await livedIn();
    disk.remove(segmentsOf(disk)[0] as string);
    const verdict = await verifyDirectory({ directory, fileSystem: disk });
    expect(verdict).toMatchObject({ sound: false, unattributed: 'corrupt' });
    const { log } = await openStorage(disk);
    expect(log.report().unattributed).toBe('corrupt');
  });
});

interface Refusal {
  readonly harm?: (disk: SimulatedDisk) => void | Promise<void>;
  readonly owner?: { readonly cluster: string; readonly node: string };
  readonly code?: string;
  readonly says: RegExp;
}

const newer = async (disk: SimulatedDisk): Promise<void> => {
  const { stamp } = readStamp(disk, directory);
  if (stamp !== null) await writeStamp(disk, directory, { ...stamp, format: 2 });
};

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'it belongs to another cluster': {
    owner: { cluster: 'other', node: 'n1' },
    code: 'OTHER_CLUSTER',
    says: /belongs to cluster c, not other: check METAD_CLUSTER/,
  },
  'it belongs to another node': {
    owner: { cluster: 'c', node: 'n2' },
    code: 'OTHER_NODE',
    says: /belongs to node n1, not n2: check METAD_NODE/,
  },
  'its format is newer': {
    harm: newer,
    code: 'OTHER_FORMAT',
    says: /has format 2, this program knows 1: start the version that wrote it/,
  },
  'a segment is of a newer format': {
    harm: (disk) => {
      const path = segmentsOf(disk).at(-1) as string;
      const { salt } = readStamp(disk, directory).stamp ?? { salt: 0 };
      const sequence = Number(/(\d{12})\.log$/.exec(path)?.[1]);
      disk.open(path, 'write').write(writeSegmentHeader({ version: 2, sequence, salt }), 0);
    },
    says: /\.log has format 2, this program knows 1: start the version that wrote it/,
  },
  'its log is gone': {
    harm: (disk) => filesIn(disk, 'log').forEach((path) => disk.remove(path)),
    code: 'LOG_LOST',
    says: /that of node n1 and its log is gone.*Put log\/ back.*not offered yet/,
  },
  'its stamp is gone': {
    harm: (disk) =>
      ['metad.stamp', 'metad.stamp.copy'].forEach((name) => disk.remove(`${directory}/${name}`)),
    code: 'NO_STAMP',
    says: /a log but no stamp that says whose it is: put .*metad\.stamp back.*not offered yet/,
  },
  'both copies of its stamp are damaged': {
    harm: (disk) =>
      ['metad.stamp', 'metad.stamp.copy'].forEach((name) =>
        disk.flipBit(`${directory}/${name}`, 5, 1),
      ),
    code: 'STAMP_DAMAGED',
    says: /both copies of the stamp .* are damaged: put .*metad\.stamp back.*not offered yet/,
  },
};

describe('a data directory that a node refuses', () => {
  it.each(Object.entries(REFUSALS))(
    'is refused by both, untouched, when %s',
    async (_what, one) => {
      const disk = await livedIn();
      await one.harm?.(disk);
      const { steps } = disk;
      const owner = one.owner ?? { cluster: 'c', node: 'n1' };
      const where = { directory, fileSystem: disk, ...owner };
      const opened = openNodeLog({ ...where, clock: stillClock });
      const code = one.code === undefined ? {} : { code: one.code };
      const refused = expect.objectContaining({
        ...code,
        message: expect.stringMatching(one.says),
      });
      await expect(opened).rejects.toEqual(refused);
      await expect(verifyDirectory(where)).rejects.toEqual(refused);
      expect(disk.steps).toBe(steps);
    },
  );

  it('is one to begin anew in when it is empty; a name that is known is not let in', async () => {
    const disk = new SimulatedDisk({ clock: stillClock, seed: 1 });
    const verdict = verifyDirectory({ directory, fileSystem: disk });
    await expect(verdict).rejects.toMatchObject({ code: 'NO_STAMP' });
    await expect(verdict).rejects.toThrow(/begin anew.*does not let it in.*METAD_DATA_DIR/);
    const { log } = await openStorage(disk);
    expect(log.report().fresh).toBe(true);
    expect(log.recovered()).toEqual([]);
  });
});
