import { expect } from '@jest/globals';
import { logIndex, nodeName, seededRandom } from '@metad/foundation';
import type { PartitionId } from '@metad/foundation';
import { DEFAULT_NODE_LIMITS, immediateTurns, MemoryHub } from '@metad/raft';
import type { Archive, Entry, SnapshotMeta, StateMachine } from '@metad/raft';
import type { SimulatedDisk } from '@metad/raft/testing';
import { openPartition } from '../../../libs/raft/src/node/partition/open-partition.js';
import { everything, snapshotAt } from '../log-material.js';
import { imageAt, impatientClock, openStorage, WORKED } from './storage-life.js';
import type { Ledger, Ledgers, Storage } from './storage-life.js';

/** A state machine that remembers what it was restored from. */
class Restored implements StateMachine {
  meta: SnapshotMeta = snapshotAt(0, 0);
  chunks: Uint8Array[] = [];

  apply(): void {
    throw new Error('nothing is applied here');
  }
  appliedIndex(): SnapshotMeta['index'] {
    return this.meta.index;
  }
  capture(): never {
    throw new Error('no image is taken here');
  }
  async restore(meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const found: Uint8Array[] = [];
    for await (const chunk of chunks) found.push(chunk.slice());
    this.meta = meta;
    this.chunks = found;
  }
}

/** Starts a replica as a node does; returns what its state machine was restored from. */
export async function startReplica(storage: Storage, id: PartitionId): Promise<Restored> {
  const { log, snapshots } = storage;
  const machine = new Restored();
  const found = log.recovered().find(({ partition }) => partition === id) ?? null;
  const self = nodeName('n1');
  const options = {
    ...{ self, log, snapshots, clock: impatientClock, random: seededRandom(1) },
    transport: new MemoryHub(impatientClock).transport(self),
    stateMachine: () => machine,
    turns: immediateTurns,
    onFatal: (fault: Error) => {
      throw fault;
    },
  };
  const admission = { inFlight: 0, inFlightMax: 1 };
  const { conf } = snapshotAt(0, 0);
  await openPartition(id, found, conf, options, DEFAULT_NODE_LIMITS, admission);
  return machine;
}

const textOf = ({ index, term, data }: Entry): string =>
  `${index}@${term} ${Buffer.from(data).toString('latin1')}`;

/** Opens what a crash has left, and looks whether every promise is kept. Closes it again. */
export async function expectPromisesKept(disk: SimulatedDisk, ledgers: Ledgers): Promise<void> {
  const storage = await openStorage(disk);
  const { log, snapshots, archive } = storage;
  expect(snapshots.findings).toEqual([]);
  expect(disk.paths().filter((path) => /\/snapshots\/.*\.tmp$/.test(path))).toEqual([]);
  for (const [id, ledger] of ledgers) {
    const found = log.recovered().find(({ partition }) => partition === id);
    if (found === undefined) {
      expect(ledger.hardState.term).toBe(0);
      continue;
    }
    expect([found.state, found.reason]).not.toContain('corrupt');
    expect(found.hardState.term).toBeGreaterThanOrEqual(ledger.hardState.term);
    const sameTerm = found.hardState.term === ledger.hardState.term && found.state === 'sound';
    if (sameTerm) expect(found.hardState.vote).toBe(ledger.hardState.vote);
    expectEntries(storage, id, ledger);
    const machine = await startReplica(storage, id);
    expectImage(machine, ledger);
    expect(log.damageOf(id)?.kind).not.toBe('corrupt');
    expect(log.partition(id).firstIndex()).toBeLessThanOrEqual(machine.meta.index + 1);
  }
  const first = log.recovered().some(({ partition }) => partition === WORKED)
    ? log.partition(WORKED).firstIndex()
    : 1;
  await expectNoHole(archive, first, ledgers.get(WORKED) as Ledger);
  await log.close();
}

/** The log has what was promised, and nothing that was never written. */
function expectEntries({ log }: Storage, id: PartitionId, ledger: Ledger): void {
  const { first, entries } = everything(log.partition(id));
  const alien = entries.filter((found) => {
    const promised = ledger.promised[found.index - 1];
    const possible = promised === undefined ? (ledger.written.get(found.index) ?? []) : [promised];
    return !possible.some((one) => textOf(one) === textOf(found));
  });
  expect(alien).toEqual([]);
  expect(first + entries.length - 1).toBeGreaterThanOrEqual(ledger.promised.length);
}

/** The newest snapshot is at least the one that was completed, and what was put into it. */
function expectImage({ meta, chunks }: Restored, ledger: Ledger): void {
  expect(meta.index).toBeGreaterThanOrEqual(ledger.snapshot);
  if (meta.index > 0) expect(bytesOf(chunks)).toBe(bytesOf(imageAt(meta.index)));
}

/** As text: thousands of comparisons, byte by byte, would take a minute. */
const bytesOf = (chunks: readonly Uint8Array[]): string =>
  chunks.map((chunk) => Buffer.from(chunk).toString('base64')).join();

/** Archive and log together hold every entry from the first. */
async function expectNoHole(archive: Archive, first: number, ledger: Ledger): Promise<void> {
  const held = archive.lastIndex(WORKED);
  expect(held).toBeGreaterThanOrEqual(first - 1);
  if (held === 0) return;
  expect(archive.ranges(WORKED)).toEqual([{ first: 1, last: held }]);
  const entries: string[] = [];
  for await (const run of archive.read(WORKED, logIndex(1))) entries.push(...run.map(textOf));
  expect(entries).toEqual(ledger.promised.slice(0, held).map(textOf));
}
