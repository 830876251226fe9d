import { randomInt } from 'node:crypto';
import { subjectsUnder } from '@metad/contract';
import type { Clock, LogIndex, NodeName, PartitionId } from '@metad/foundation';
import { seededRandom } from '@metad/foundation';
import {
  createRaftNode,
  directoryFault,
  immediateTurns,
  openArchive,
  openNodeLog,
  openSnapshotStore,
  NatsTransport,
  type Archive,
} from '@metad/raft';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Configuration } from '../app/configuration.js';
import type { Logger } from '../app/logger.js';
import { diskIdentity } from './joining/disk-identity.js';
import { ArchiveReader } from './archive-reader.js';
import type { OpenedRaft } from './opened-raft.js';
import type { PeerAdmin } from './joining/peer-admin.js';
import { PeerLog } from './peer-log.js';
import type { PartitionMachines } from './partition-machines.js';

/** A chunk of 128 KiB in 8 ms: nobody waits for a snapshot, and everybody for commands. */
const SNAPSHOT_PAUSE_MS = 8;

export interface RaftSurroundings {
  readonly configuration: Configuration;
  readonly connection: NatsConnection;
  readonly machines: PartitionMachines;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly peers: PeerAdmin;
  /** The log failed: the process must end. */
  readonly onFatal: (error: Error) => void;
}

/** Locks and recovers the data directory and makes the Raft node over it. Nothing votes yet. */
export async function openRaft(surroundings: RaftSurroundings): Promise<OpenedRaft> {
  const { configuration, connection, machines, clock, logger, peers, onFatal } = surroundings;
  const { dataDir: directory, cluster, node: self } = configuration;
  const identity = identityOf(directory);
  const archive = openNodeArchive(configuration, clock);
  const log = await openNodeLog({
    ...{ directory, clock, cluster, node: self },
    ...(archive !== null && { archive }),
  });
  const report = log.report();
  logger.info({ ...report }, report.fresh ? 'empty log' : 'log recovered');
  const snapshots = openSnapshotStore({ directory });
  for (const finding of snapshots.findings) logger.warn({ finding }, 'snapshot not usable');
  const random = seededRandom(randomInt(0x7fff_ffff));
  const transport = new NatsTransport({
    connection,
    clock,
    random,
    self,
    cluster,
    subjects: subjectsUnder(configuration.subjectPrefix),
    incarnation: () => machines.system.state()?.incarnation ?? '',
    isMember: (name) => isMember(machines, configuration, name),
    secrets: configuration.nodeSecrets,
  });
  const node = createRaftNode({
    self,
    log,
    snapshots,
    transport,
    stateMachine: (partition) => machines.create(partition),
    clock,
    random,
    turns: immediateTurns,
    onFatal,
    onPartitionStopped: (partition, error) =>
      logger.error({ partition, err: error }, 'a partition stopped on this node'),
    limits: {
      heartbeatMs: configuration.heartbeatMs,
      electionMs: configuration.electionMs,
      snapshotEntries: configuration.snapshotEntries,
      snapshotPauseMs: SNAPSHOT_PAUSE_MS,
      trailingEntries: Math.floor(configuration.snapshotEntries / 2),
      inFlightPerPartitionMax: configuration.limits.inFlightPerPartitionMax,
      inFlightPerNodeMax: configuration.limits.inFlightPerNodeMax,
    },
  });
  const close = async (): Promise<void> => {
    await node.stop();
    await transport.close();
    await log.close();
  };
  const others = () => configuration.members.filter((member) => member !== self);
  const peerLog = new PeerLog(peers, others, clock);
  const reader = archive === null ? null : new ArchiveReader(archive);
  const readArchived = async (partition: PartitionId, from: LogIndex) =>
    reader === null ? null : reader.read(partition, from);
  return { node, log, snapshots, transport, identity, readArchived, peerLog, close };
}

/** Partition 0 rules once it is known; before, the members that the node was started with. */
function isMember(
  machines: PartitionMachines,
  configuration: Configuration,
  name: NodeName,
): boolean {
  const state = machines.system.state();
  if (state === null) return configuration.members.includes(name);
  return state.members.some(({ node }) => node === name);
}

/** Null where the node keeps none: then a rebuild can only begin at a snapshot. */
function openNodeArchive(
  { archive, dataDir: directory }: Configuration,
  clock: Clock,
): Archive | null {
  return archive === 'off' ? null : openArchive({ directory, clock, retention: archive });
}

/** Throws `DirectoryError` when the machine does not let this node use its directory. */
function identityOf(directory: string): string {
  try {
    return diskIdentity(directory);
  } catch (fault) {
    throw directoryFault(fault, directory);
  }
}
