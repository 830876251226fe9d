import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, logTime, nodeName, partitionId, term } from '@metad/foundation';
import { openNodeLog } from '@metad/raft';
import type { Entry } from '@metad/raft';
import { systemClock } from '../../src/app/system-clock.js';
import { diskIdentity } from '../../src/consensus/joining/disk-identity.js';
import { encodeCommand } from '../../src/decide/index.js';
import { runMetactl } from '../fixtures/cli/metactl.js';

const nowhere = 'nats://127.0.0.1:1';
const lastIndex = 20;
let directory: string;

function entryAt(index: number): Entry {
  const body = Buffer.from(JSON.stringify({ data: { resourceId: `db-${index}` } }));
  const about = {
    type: 'command',
    level: 1,
    namespace: 'prod',
    command: 'AssignResource',
  } as const;
  const data = encodeCommand({ ...about, time: logTime(1_000 * index), body });
  return { index: logIndex(index), term: term(2), kind: 'command', data, change: null };
}

const owner = { cluster: 'metad', node: nodeName('n1'), clock: systemClock };
const openLog = () => openNodeLog({ directory, segmentBytes: 1 << 20, ...owner });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'metactl-log-'));
  diskIdentity(directory);
  const log = await openLog();
  const conf = { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
  const partition = partitionId(3);
  log.create(partition, { index: logIndex(0), term: term(0), conf });
  const hardState = { term: term(2), vote: null, commit: logIndex(0) };
  for (let index = 1; index <= lastIndex; index += 1) {
    const entries = [entryAt(index)];
    await log.append([{ partition, hardState, snapshot: null, entries }], true);
  }
  await log.close();
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('metactl log', () => {
  it('verifies a sound log without a cluster', async () => {
    const run = await runMetactl(nowhere, ['log', 'verify', directory]);
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/sound +true/) });
    expect(run.out).toMatch(/^ +3 {2}sound +1 +20 +0 {2}term=2/m);
  });

  it('ends with exit code 7 when a byte in the middle has changed', async () => {
    const file = await open(join(directory, 'log', '000000000001.log'), 'r+');
    const { buffer } = await file.read({ buffer: Buffer.alloc(1 << 16), position: 0 });
    const at = buffer.indexOf('db-10');
    await file.write('X', at);
    await file.close();
    const run = await runMetactl(nowhere, ['log', 'verify', directory]);
    expect(run).toMatchObject({ code: 7, out: expect.stringMatching(/sound +false/) });
    expect(run.out).toMatch(/a start would: refuse partition 3/);
  });

  it('tells a script what a start would do and what to do next', async () => {
    await rm(join(directory, 'metad.stamp.copy'));
    const run = await runMetactl(nowhere, ['log', 'verify', directory, '--output', 'json']);
    expect(run.code).toBe(0);
    expect(JSON.parse(run.out)).toMatchObject({
      ...{ sound: true, node: 'n1', unattributed: null, snapshots: [], archive: [] },
      partitions: [{ partition: 3, state: 'sound', lastIndex }],
      findings: ['a copy of the stamp is missing or damaged'],
      advice: ['start the node: nothing that was acknowledged is missing'],
    });
  });

  it('tells a script why a node would refuse, and ends with exit code 1', async () => {
    const flags = ['--cluster', 'metad', '--node', 'n2', '-o', 'json'];
    const other = await runMetactl(nowhere, ['log', 'verify', directory, ...flags]);
    expect(other).toMatchObject({ code: 1, err: expect.stringMatching(/not n2: check/) });
    expect(JSON.parse(other.out)).toMatchObject({ sound: false, refused: 'OTHER_NODE' });
    await rm(join(directory, 'log'), { recursive: true });
    const gone = await runMetactl(nowhere, ['log', 'verify', directory, '-o', 'json']);
    expect(gone.code).toBe(1);
    expect(JSON.parse(gone.out)).toMatchObject({ refused: 'LOG_LOST' });
    await rm(directory, { recursive: true });
    const empty = await runMetactl(nowhere, ['log', 'verify', directory]);
    expect(empty).toMatchObject({ code: 1, err: expect.stringMatching(/would begin anew/) });
  });

  it('refuses a damaged identity as the node would, and shows what it read', async () => {
    await writeFile(join(directory, 'identity'), 'n1');
    const run = await runMetactl(nowhere, ['log', 'verify', directory, '-o', 'json']);
    expect(run).toMatchObject({ code: 1, err: expect.stringMatching(/must hold 24 hex digits/) });
    expect(JSON.parse(run.out)).toMatchObject({
      ...{
        sound: false,
        identity: 'damaged',
        refused: 'IDENTITY_DAMAGED',
        partitions: [{ lastIndex }],
      },
    });
    await rm(join(directory, 'identity'));
    const missing = await runMetactl(nowhere, ['log', 'verify', directory]);
    expect(missing).toMatchObject({ code: 7, out: expect.stringMatching(/^identity +missing$/m) });
    expect(missing.out).toMatch(/^a start would: make another identity/m);
    expect(missing.out).toMatch(/^to do: before a start, put the file identity back/m);
  });

  it('says when a process runs on the directory', async () => {
    const log = await openLog();
    const run = await runMetactl(nowhere, ['log', 'verify', directory]);
    await log.close();
    const here = `process ${process.pid} on ${hostname()} runs on ${directory}`;
    expect(run.out).toMatch(
      `found: ${here} and writes there: this is a verdict on a moving target`,
    );
    expect(run.out).toMatch(/^to do: stop the node, then verify again/m);
    expect(run.out).not.toMatch('to do: start the node');
    expect(run.code).toBe(0);
  });

  it('dumps every record as JSON, commands decoded', async () => {
    const run = await runMetactl(nowhere, ['log', 'dump', directory, '--partition', '3']);
    const records = run.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Dumped);
    const entries = records.flatMap((record) => record.entries ?? []);
    expect(entries.map((entry) => entry.index)).toEqual(
      Array.from({ length: lastIndex }, (_, at) => at + 1),
    );
    expect(entries[6]).toEqual({
      ...{ index: 7, term: 2, kind: 'command', type: 'command', level: 1 },
      ...{ time: '1970-01-01T00:00:07.000Z', namespace: 'prod', command: 'AssignResource' },
      body: { data: { resourceId: 'db-7' } },
    });
  });

  it('says when a folder is no data directory', async () => {
    const run = await runMetactl(nowhere, ['log', 'verify', join(directory, 'log')]);
    expect(run).toMatchObject({ code: 1, err: expect.stringMatching(/has no readable stamp/) });
  });
});

interface Dumped {
  readonly entries?: readonly { readonly index: number }[];
}
