import { logIndex, term } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { createReplica } from '../../core/index.js';
import type { ConfState, HardState, Replica, SnapshotMeta } from '../../core/index.js';
import type { RecoveredPartition } from '../../storage/log-port.js';
import { SnapshotCorruption } from '../../storage/snapshot-port.js';
import type { SnapshotStore, StoredSnapshot } from '../../storage/snapshot-port.js';
import { tickTimes, HEARTBEAT_TICKS } from '../node-options.js';
import type { NodeLimits, RaftNodeOptions } from '../node-options.js';
import { ApplyWaiters } from './apply-waiters.js';
import { Partition } from './partition.js';
import { Proposals } from './proposals.js';
import type { Admission } from './proposals.js';
import { Reads } from './reads.js';

const FRESH: HardState = { term: term(0), vote: null, commit: logIndex(0) };

/** A partition as found in the log, or made new with `bootstrap` as its first membership. */
export async function openPartition(
  id: PartitionId,
  recovered: RecoveredPartition | null,
  bootstrap: ConfState,
  options: RaftNodeOptions,
  limits: NodeLimits,
  admission: Admission,
): Promise<Partition> {
  const { log } = options;
  if (recovered === null) {
    log.create(id, { index: logIndex(0), term: term(0), conf: bootstrap });
  }
  const stored = log.partition(id);
  const hardState = recovered?.hardState ?? FRESH;
  const machine = options.stateMachine(id);
  const restored = await restoreNewest(id, hardState, options, machine.restore.bind(machine));
  let applied = logIndex(Math.max(restored?.index ?? 0, machine.appliedIndex()));
  let start = raised(hardState, stored.snapshot());
  if (stored.firstIndex() > applied + 1) {
    start = await condemn(id, hardState, restored, options);
    applied = start.commit;
  }
  const replica = startReplica(id, start, applied, options, limits);
  const parts = {
    id,
    replica,
    machine,
    stored,
    proposals: new Proposals(admission, limits.inFlightPerPartitionMax),
    reads: new Reads(limits.waitersPerPartitionMax),
    waiters: new ApplyWaiters(limits.waitersPerPartitionMax),
  };
  const partition = new Partition(parts, hardState.term, applied);
  partition.snapshotIndex = stored.snapshot().index;
  return partition;
}

/** A core over what the log holds of a partition. */
export function startReplica(
  id: PartitionId,
  hardState: HardState,
  applied: LogIndex,
  options: RaftNodeOptions,
  limits: NodeLimits,
): Replica {
  const log = options.log.partition(id);
  return createReplica({
    self: options.self,
    log,
    hardState,
    conf: log.snapshot().conf,
    applied,
    electionTimeoutTicks: tickTimes(limits).electionTicks,
    heartbeatTicks: HEARTBEAT_TICKS,
    seed: options.random.below(0x1_0000_0000),
    appendBytesMax: Math.min(limits.appendBytesMax, options.transport.frameBytesMax >> 1),
    inflightAppendsMax: limits.inflightAppendsMax,
    inflightBytesMax: limits.inflightBytesMax,
    uncommittedBytesMax: limits.uncommittedBytesMax,
    committedBytesMax: limits.committedBytesMax,
    leaseReads: false,
  });
}

/**
 * Loads the newest snapshot that can be read into the state machine and returns what it is of. One
 * that reaches beyond the log was received but not yet entered into it when the node went down: it
 * is committed state, verified end to end, so it is entered now.
 */
async function restoreNewest(
  id: PartitionId,
  hardState: HardState,
  options: RaftNodeOptions,
  restore: (meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<SnapshotMeta | null> {
  const { snapshots, log } = options;
  let found = snapshots.latest(id);
  while (found !== null && !(await canBeRead(snapshots, id, found, restore))) {
    found = snapshots.newestUpTo(id, logIndex(found.meta.index - 1));
  }
  if (found === null) return null;
  const { meta } = found;
  const stored = log.partition(id);
  if (meta.index + 1 < stored.firstIndex()) return meta; // Not what the log goes on from.
  if (meta.index > stored.lastIndex() || stored.termAt(meta.index) !== meta.term) {
    const state = raised(hardState, meta);
    await log.append([{ partition: id, hardState: state, snapshot: meta, entries: [] }], true);
  }
  return meta;
}

async function canBeRead(
  snapshots: SnapshotStore,
  id: PartitionId,
  { meta }: StoredSnapshot,
  restore: (meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<boolean> {
  try {
    await restore(meta, snapshots.read(id, meta.index));
    return true;
  } catch (fault) {
    if (fault instanceof SnapshotCorruption) return false;
    throw fault;
  }
}

/**
 * The log was compacted to a snapshot that is gone or damaged, so nothing here says what the state
 * is at its beginning. The log goes too, back to the older snapshot if there is one, and all of it
 * is taken from peers again.
 */
async function condemn(
  id: PartitionId,
  hardState: HardState,
  older: SnapshotMeta | null,
  options: RaftNodeOptions,
): Promise<HardState> {
  const stored = options.log.partition(id);
  const { index, conf } = stored.snapshot();
  const base = older ?? { index: logIndex(0), term: term(0), conf };
  const begins = `its log begins at ${stored.firstIndex()}`;
  const reason = `the snapshot at index ${index} is missing or damaged, and ${begins}`;
  await options.log.condemn(id, base, reason);
  return { term: hardState.term, vote: null, commit: base.index };
}

/** A term is never below that of what is stored, and a vote of a lower term is void. */
function raised(hardState: HardState, meta: SnapshotMeta): HardState {
  const commit = logIndex(Math.max(hardState.commit, meta.index));
  if (hardState.term >= meta.term) return { ...hardState, commit };
  return { term: meta.term, vote: null, commit };
}
