import { logIndex, term } from '@metad/foundation';
import type { LogIndex, PartitionId } from '@metad/foundation';
import { createReplica } from '../../core/index.js';
import type { ConfState, HardState, Replica, SnapshotMeta } from '../../core/index.js';
import type { RecoveredPartition } from '../../storage/log-port.js';
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
  const applied = logIndex(Math.max(restored, machine.appliedIndex()));
  const replica = startReplica(id, raised(hardState, stored.snapshot()), applied, options, limits);
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
 * Loads the newest snapshot into the state machine and returns its index. A snapshot that reaches
 * beyond the log was received but not yet entered into it when the node went down: it is committed
 * state, verified end to end, so it is entered now.
 */
async function restoreNewest(
  id: PartitionId,
  hardState: HardState,
  options: RaftNodeOptions,
  restore: (meta: SnapshotMeta, chunks: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<LogIndex> {
  const { snapshots, log } = options;
  const newest = snapshots.latest(id);
  if (newest === null) return logIndex(0);
  const { meta } = newest;
  await restore(meta, snapshots.read(id, meta.index));
  const stored = log.partition(id);
  if (meta.index > stored.lastIndex() || stored.termAt(meta.index) !== meta.term) {
    const state = raised(hardState, meta);
    await log.append([{ partition: id, hardState: state, snapshot: meta, entries: [] }], true);
  }
  return meta.index;
}

/** A term is never below that of what is stored, and a vote of a lower term is void. */
function raised(hardState: HardState, meta: SnapshotMeta): HardState {
  const commit = logIndex(Math.max(hardState.commit, meta.index));
  if (hardState.term >= meta.term) return { ...hardState, commit };
  return { term: meta.term, vote: null, commit };
}
