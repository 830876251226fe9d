import { logIndex, nodeName, partitionId, term } from '@metad/foundation';
import type { Clock, LogIndex, PartitionId } from '@metad/foundation';
import { MemorySnapshotStore, openArchive, openNodeLog, openSnapshotStore } from '@metad/raft';
import type { Archive, Entry, NodeLog, SnapshotStore } from '@metad/raft';
import { PowerLoss } from '@metad/raft/testing';
import type { SimulatedDisk } from '@metad/raft/testing';
import type { HardState } from '../../../libs/raft/src/core/index.js';
import type { FileSystem } from '../../../libs/raft/src/storage/file-system-port.js';
import { entry, snapshotAt, write } from '../log-material.js';
import { stillClock } from '../still-clock.js';

/** The partition that a node writes, images, archives and compacts. */
export const WORKED = partitionId(1);
/** The partition that a node gets from a peer, as a snapshot. */
export const RECEIVED = partitionId(2);

const RETRY_MS = 1000;

/** Nothing is tried again: after a power cut nothing may go on for ever. */
export const impatientClock: Clock = {
  ...stillClock,
  after: (delayMs, callback) =>
    delayMs > RETRY_MS ? () => undefined : stillClock.after(delayMs, callback),
};

/** All that a node keeps on its disk. */
export interface Storage {
  readonly log: NodeLog;
  readonly snapshots: SnapshotStore & { readonly findings: readonly string[] };
  readonly archive: Archive;
}

/** Puts something between a node and its disk. */
export type Between = (fileSystem: FileSystem) => FileSystem;
const nothing: Between = (fileSystem) => fileSystem;

/** Opens what is there, in the order of a node's start. */
export async function openStorage(
  disk: SimulatedDisk,
  between: Between = nothing,
): Promise<Storage> {
  const fileSystem = between(disk.mounted());
  const options = { directory: '/data/n1', clock: impatientClock, fileSystem };
  const archive = openArchive({ ...options, retention: 'keep' });
  const small = { segmentBytes: 1024, tailBytesMax: 500 };
  const log = await openNodeLog({ ...options, ...small, cluster: 'c', node: 'n1', archive });
  return { log, snapshots: openSnapshotStore(options), archive };
}

/** What a node has promised of one partition, and all else that it may have on its disk. */
export class Ledger {
  /** Acknowledged entries, from index 1. */
  readonly promised: Entry[] = [];
  /** Every entry that was ever given to the log, by index. */
  readonly written = new Map<number, Entry[]>();
  hardState: HardState = { term: term(0), vote: null, commit: logIndex(0) };
  /** Index of the newest snapshot that is complete; 0 for none. */
  snapshot = 0;

  give(entries: readonly Entry[]): void {
    for (const one of entries) {
      this.written.set(one.index, [...(this.written.get(one.index) ?? []), one]);
    }
    // What is being replaced is no longer promised.
    this.promised.length = Math.min(this.promised.length, Number(entries[0]?.index) - 1);
  }

  acknowledge(entries: readonly Entry[], hardState: HardState): void {
    this.promised.push(...entries);
    this.hardState = hardState;
  }
}

export type Ledgers = ReadonlyMap<PartitionId, Ledger>;
export const newLedgers = (): Ledgers =>
  new Map([WORKED, RECEIVED].map((id) => [id, new Ledger()]));

const ledgerOf = (ledgers: Ledgers, id: PartitionId): Ledger => ledgers.get(id) as Ledger;

/** The image of a partition at an index, in chunks. */
export const imageAt = (index: number): Uint8Array[] =>
  [300, 0, 700, 1].map((length, at) => new Uint8Array(length).fill(index + at));

async function* streamed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

/** Appends two entries and a vote; `from` at or below the last index replaces what is there. */
async function append({ log }: Storage, ledger: Ledger, from: number, at: number): Promise<void> {
  const entries = [entry(from, at, 'x'.repeat(90)), entry(from + 1, at)];
  const hardState = { term: term(at), vote: nodeName('n2'), commit: logIndex(from - 1) };
  ledger.give(entries);
  await log.append([write(WORKED, entries, hardState)], true);
  ledger.acknowledge(entries, hardState);
}

/** Some appends, one of which replaces an end; an image; then the log goes to the archive. */
export async function workOn(
  storage: Storage,
  disk: SimulatedDisk,
  ledgers: Ledgers,
  termOf: number,
): Promise<void> {
  const { log, snapshots } = storage;
  const ledger = ledgerOf(ledgers, WORKED);
  const stored = log.partition(WORKED);
  for (let at = 0; at < 3; at += 1) await append(storage, ledger, stored.lastIndex() + 1, termOf);
  await append(storage, ledger, stored.lastIndex(), termOf + 1);
  const last = stored.lastIndex();
  const meta = snapshotAt(last, termOf + 1);
  await snapshots.write(WORKED, meta, streamed(imageAt(last)));
  ledger.snapshot = last;
  log.compact(WORKED, meta, logIndex(last - 2));
  await until(disk, log, () => stored.firstIndex() === last - 1);
  await snapshots.prune(WORKED, 2);
}

/** Background work is done, or the power is off. */
async function until(disk: SimulatedDisk, log: NodeLog, isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    if (disk.cutDuring !== null) throw new PowerLoss('the power is off');
    const { cleaningFault } = log.stats();
    if (cleaningFault !== null) throw new Error(cleaningFault);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Takes a snapshot in from a peer, and enters it into the log. */
export async function receive(storage: Storage, ledgers: Ledgers, index: number): Promise<void> {
  const { log, snapshots } = storage;
  const peer = new MemorySnapshotStore();
  const sent = await peer.write(RECEIVED, snapshotAt(index, 3), streamed(imageAt(index)));
  const receipt = await snapshots.receive(RECEIVED, sent);
  for (let chunk = receipt.held; chunk < sent.chunks; chunk += 1) {
    await receipt.put(chunk, imageAt(index)[chunk] as Uint8Array);
  }
  const { meta: snapshot } = await receipt.finish();
  const ledger = ledgerOf(ledgers, RECEIVED);
  ledger.snapshot = index;
  const hardState = { term: term(index), vote: null, commit: logIndex(index) };
  await log.append([{ partition: RECEIVED, hardState, snapshot, entries: [] }], true);
  ledger.hardState = hardState;
}

/** A whole life, from an empty disk to an orderly end. */
export async function live(
  disk: SimulatedDisk,
  ledgers: Ledgers,
  between: Between = nothing,
): Promise<void> {
  const storage = await openStorage(disk, between);
  const { log } = storage;
  for (const id of [WORKED, RECEIVED]) log.create(id, snapshotAt(0, 0));
  await workOn(storage, disk, ledgers, 1);
  await receive(storage, ledgers, 20);
  await workOn(storage, disk, ledgers, 3);
  await receive(storage, ledgers, 40);
  await log.close();
}

/** The life after: what was found is gone on with. */
export async function liveOn(disk: SimulatedDisk, ledgers: Ledgers): Promise<void> {
  const storage = await openStorage(disk);
  const { log } = storage;
  for (const id of [WORKED, RECEIVED]) {
    if (log.recovered().every(({ partition }) => partition !== id)) {
      log.create(id, snapshotAt(0, 0));
    }
    if (log.damageOf(id) !== null) await healed(log, id, ledgerOf(ledgers, id));
  }
  adopt(log, ledgerOf(ledgers, WORKED));
  const index = ledgerOf(ledgers, RECEIVED).snapshot < 40 ? 40 : 60;
  await receive(storage, ledgers, index);
  await workOn(storage, disk, ledgers, 100);
  await log.close();
}

/** A replica under suspicion was asked about, and is whole: it goes on above every term. */
async function healed(log: NodeLog, id: PartitionId, ledger: Ledger): Promise<void> {
  const hardState = { term: term(99), vote: null, commit: log.partition(id).snapshot().index };
  await log.heal(id, hardState);
  ledger.hardState = hardState;
}

/** What recovery gives out is durable: entries that nobody was promised are from now on. */
function adopt(log: NodeLog, ledger: Ledger): void {
  const stored = log.partition(WORKED);
  const to: LogIndex = logIndex(stored.lastIndex() + 1);
  const from = logIndex(ledger.promised.length + 1);
  if (from >= to) return;
  for (let next = from; next < to; next = logIndex(ledger.promised.length + 1)) {
    ledger.promised.push(...(stored.entries(next, to, Infinity) ?? []));
  }
}
