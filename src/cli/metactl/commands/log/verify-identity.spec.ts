import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logIndex, logTime, nodeName, partitionId, term } from '@metad/foundation';
import { bootstrapMap } from '@metad/partition';
import { openNodeLog, openSnapshotStore, verifyDirectory } from '@metad/raft';
import type { Entry, NodeLog } from '@metad/raft';
import { diskIdentity } from '../../../../consensus/joining/disk-identity.js';
import { encodeSystem, SystemMachine } from '../../../../decide/index.js';
import type { SystemCommand } from '../../../../decide/index.js';
import { systemClock } from '../../../../app/system-clock.js';
import { withIdentity } from './verify-identity.js';

// The identity of a data directory against what its own copy of partition 0 has registered.

const node = nodeName('n1');
const map = bootstrapMap({ members: [node], partitions: 1, replicas: 1 }).data;
const conf = { voters: [node], votersOutgoing: [], learners: [], learnersNext: [] };
const meta = (index: number) => ({
  ...{ index: logIndex(index), term: term(1), conf: { ...conf, autoLeave: false } },
});
const system = partitionId(0);
let directory: string;
let identity: string;

const entryOf = (command: SystemCommand, at: number): Entry => ({
  ...{ index: logIndex(at + 1), term: term(1), kind: 'command', change: null },
  data: encodeSystem({ time: logTime(1_000), level: 1 }, command),
});

const open = (): Promise<NodeLog> =>
  openNodeLog({ directory, segmentBytes: 1 << 20, cluster: 'metad', node, clock: systemClock });

/** The entries of a small cluster's beginning, of which so many are committed. */
async function begin(committed: number): Promise<Entry[]> {
  const about = { clusterId: 'metad', incarnation: 'c7f3', members: [node], map };
  const commands: SystemCommand[] = [
    { type: 'InitCluster', ...about },
    { type: 'RegisterNode', node, identity },
  ];
  const entries = commands.map(entryOf);
  const log = await open();
  log.create(system, { ...meta(0), term: term(0) });
  const hardState = { term: term(1), vote: null, commit: logIndex(committed) };
  await log.append([{ partition: system, hardState, snapshot: null, entries }], true);
  await log.close();
  return entries;
}

/** Takes a snapshot of all that and lets the log begin behind it. */
async function compacted(entries: readonly Entry[]): Promise<void> {
  const machine = new SystemMachine(() => undefined);
  for (const entry of entries) machine.apply(entry, undefined);
  const log = await open();
  const at = meta(entries.length);
  await openSnapshotStore({ directory }).write(system, at, machine.capture().chunks());
  log.compact(system, at, at.index);
  await log.close();
}

const verdict = async () => withIdentity(await verifyDirectory({ directory }), directory);
const put = (text: string): void => writeFileSync(join(directory, 'identity'), text);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'metad-identity-'));
  identity = diskIdentity(directory);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the identity of a data directory', () => {
  it('is sound when it is the one that is registered', async () => {
    await begin(2);
    expect(await verdict()).toMatchObject({
      ...{ sound: true, identity: 'sound', registered: identity, refused: null, findings: [] },
      advice: ['start the node: nothing that was acknowledged is missing'],
    });
  });

  it('can be put back by what is registered, when it is missing', async () => {
    await begin(2);
    rmSync(join(directory, 'identity'));
    const found = await verdict();
    expect(found).toMatchObject({ sound: false, identity: 'missing', refused: null });
    expect(found.findings).toEqual([expect.stringMatching(/identity of the directory is missing/)]);
    expect(found.actions.at(-1)).toMatch(/^make another identity: .*does not take that identity/);
    expect(found.advice[0]).toMatch(`echo ${identity} > ${directory}/identity`);
    put(`${identity}\n`);
    expect(await verdict()).toMatchObject({ sound: true, identity: 'sound' });
  });

  it('is known from a snapshot too', async () => {
    await compacted(await begin(2));
    rmSync(join(directory, 'identity'));
    expect(await verdict()).toMatchObject({ identity: 'missing', registered: identity });
  });

  it('is not known from what may never be committed', async () => {
    await begin(1);
    put(`${'0'.repeat(24)}\n`);
    expect(await verdict()).toMatchObject({ identity: 'sound', registered: null });
  });

  it('makes the start refuse when it is damaged, as the verdict says', async () => {
    await begin(2);
    put('0123');
    const found = await verdict();
    expect(found).toMatchObject({ sound: false, identity: 'damaged', refused: 'IDENTITY_DAMAGED' });
    expect(found.actions.at(-1)).toMatch(/^be refused/);
    const refusal = expect.objectContaining({ code: found.refused, message: found.reason });
    expect(() => diskIdentity(directory)).toThrow(refusal);
  });

  it('is another one than partition 0 has registered', async () => {
    await begin(2);
    put(`${'0'.repeat(24)}\n`);
    const found = await verdict();
    expect(found).toMatchObject({ sound: false, identity: 'mismatched', registered: identity });
    expect(found.findings[0]).toMatch(/not the one that partition 0 has registered/);
    expect(found.advice[0]).toMatch(identity);
  });

  it('is compared with nothing while a node runs there', async () => {
    await begin(2);
    const log = await open();
    rmSync(join(directory, 'identity'));
    const found = await verdict();
    await log.close();
    expect(found).toMatchObject({ identity: 'missing', registered: null });
    expect(found.advice.map((text) => text.split(',')[0])).toEqual([
      ...['stop the node', 'before a start'],
    ]);
  });
});
