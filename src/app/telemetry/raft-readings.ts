import type { NodeStatsSnapshot, PartitionStatus } from '@metad/raft';
import type { LogStats, RaftNode, TransportStats } from '@metad/raft';
import { readings, type Reading } from './metrics.js';

export interface RaftSources {
  readonly node: Pick<RaftNode, 'stats' | 'partitions' | 'status' | 'onLeaderChange'>;
  readonly log: { stats(): LogStats };
  readonly transport: { stats(): TransportStats };
}

/** Consensus, log and transport as Prometheus sees them. */
export function raftReadings({ node, log, transport }: RaftSources): Reading[] {
  return [
    ...roundReadings(() => node.stats()),
    ...nodeReadings(() => node.stats()),
    ...replicaReadings(node),
    ...logReadings(() => log.stats()),
    ...transportReadings(() => transport.stats()),
  ];
}

function roundReadings(stats: () => NodeStatsSnapshot): Reading[] {
  return readings([
    ['counter', 'metad_raft_proposals_total', 'Proposals taken.', () => stats().proposals],
    [
      'gauge',
      'metad_raft_proposals_in_flight',
      'Proposals queued or not yet applied.',
      () => stats().proposalsInFlight,
    ],
    ['counter', 'metad_raft_applied_entries_total', 'Entries applied.', () => stats().applied],
    [
      'counter',
      'metad_raft_rounds_total',
      'Durable writes, each for all partitions that had something.',
      () => stats().rounds,
    ],
    [
      'counter',
      'metad_raft_written_entries_total',
      'Entries in durable writes.',
      () => stats().entriesWritten,
    ],
    [
      'gauge',
      'metad_raft_write_seconds',
      'Duration of a durable write, smoothed.',
      () => stats().writeMs / 1_000,
    ],
    [
      'gauge',
      'metad_raft_write_max_seconds',
      'Longest durable write of the last second or two.',
      () => stats().writeMsMax / 1_000,
    ],
    [
      'gauge',
      'metad_event_loop_delay_seconds',
      'How late a tick came, smoothed.',
      () => stats().loopDelayMs / 1_000,
    ],
    [
      'gauge',
      'metad_event_loop_delay_max_seconds',
      'Latest tick of the last second or two.',
      () => stats().loopDelayMsMax / 1_000,
    ],
  ]);
}

function nodeReadings(stats: () => NodeStatsSnapshot): Reading[] {
  return readings([
    [
      'gauge',
      'metad_raft_quiet_partitions',
      'Replicas at rest: no ticks, no heartbeats.',
      () => stats().quietPartitions,
    ],
    [
      'gauge',
      'metad_raft_led_partitions',
      'Partitions that this node leads.',
      () => stats().leaders,
    ],
    [
      'gauge',
      'metad_raft_frames_in_flight',
      'Frames sent to peers and not yet answered.',
      () => stats().framesInFlight,
    ],
    [
      'gauge',
      'metad_raft_gathered_bytes',
      'Bytes that wait for a frame to peers.',
      () => stats().gatheredBytes,
    ],
    [
      'counter',
      'metad_raft_dropped_messages_total',
      'Messages dropped at a full outbox, to be probed for again.',
      () => stats().droppedMessages,
    ],
    [
      'counter',
      'metad_raft_malformed_frames_total',
      'Frames of a peer that could not be read.',
      () => stats().malformedFrames,
    ],
    ['counter', 'metad_snapshots_taken_total', 'Snapshots written.', () => stats().snapshotsTaken],
    [
      'counter',
      'metad_snapshot_failures_total',
      'Snapshots that could not be written.',
      () => stats().snapshotFailures,
    ],
  ]);
}

/** What takes a walk over the replicas, and so is kept to one walk for each metric and scrape. */
function replicaReadings(node: RaftSources['node']): Reading[] {
  let leaderChanges = 0;
  node.onLeaderChange(({ leader, serving }) => {
    if (leader !== null && !serving) leaderChanges += 1;
  });
  const all = (): PartitionStatus[] =>
    node.partitions().flatMap((partition) => node.status(partition) ?? []);
  const most = (of: (status: PartitionStatus) => number) => () =>
    all().reduce((found, status) => Math.max(found, of(status)), 0);
  return [
    {
      kind: 'gauge',
      name: 'metad_raft_replicas',
      help: 'Replicas on this node by role and state.',
      labels: ['role', 'state'],
      read: () => byRole(all()),
    },
    ...readings([
      [
        'counter',
        'metad_raft_leader_changes_total',
        'Times that this node learned of a new leader of one of its partitions.',
        () => leaderChanges,
      ],
      [
        'gauge',
        'metad_raft_leaderless_partitions',
        'Replicas here that know no leader.',
        () => all().filter(({ leader }) => leader === null).length,
      ],
      [
        'gauge',
        'metad_raft_apply_lag_entries',
        'Entries committed and not yet applied, of the replica here that is most behind.',
        most(({ commit, applied }) => commit - applied),
      ],
      [
        'gauge',
        'metad_raft_follower_lag_entries',
        'Entries that the slowest follower of a partition led here does not have yet.',
        most(followerLag),
      ],
    ]),
  ];
}

function followerLag({ role, lastIndex, progress, conf }: PartitionStatus): number {
  if (role !== 'leader') return 0;
  const matches = conf.voters.map((voter) => progress.get(voter)?.match ?? lastIndex);
  return lastIndex - Math.min(lastIndex, ...matches);
}

function logReadings(stats: () => LogStats): Reading[] {
  return readings([
    [
      'counter',
      'metad_log_written_bytes_total',
      'Bytes written to the log.',
      () => stats().bytesWritten,
    ],
    ['counter', 'metad_log_syncs_total', 'Calls of fdatasync.', () => stats().syncs],
    [
      'gauge',
      'metad_log_last_sync_seconds',
      'Duration of the last fdatasync.',
      () => stats().syncMsLast / 1_000,
    ],
    ['gauge', 'metad_log_segments', 'Segments on disk.', () => stats().segments],
    ['gauge', 'metad_log_disk_bytes', 'Bytes of the log on disk.', () => stats().bytesOnDisk],
    [
      'gauge',
      'metad_log_live_bytes',
      'Bytes of entries that are still needed.',
      () => stats().liveBytes,
    ],
    ['gauge', 'metad_log_tail_bytes', 'Entries kept in memory.', () => stats().tailBytes],
    [
      'gauge',
      'metad_log_storage_full',
      '1 while only removals are admitted because the disk is nearly full.',
      () => (stats().storageFull ? 1 : 0),
    ],
    [
      'gauge',
      'metad_log_cleaning_failed',
      '1 while old entries cannot be archived or removed.',
      () => (stats().cleaningFault === null ? 0 : 1),
    ],
  ]);
}

function transportReadings(stats: () => TransportStats): Reading[] {
  return [
    ...readings([
      [
        'counter',
        'metad_transport_sent_frames_total',
        'Frames sent to other nodes.',
        () => stats().framesSent,
      ],
      [
        'counter',
        'metad_transport_received_frames_total',
        'Frames received from other nodes.',
        () => stats().framesReceived,
      ],
      [
        'counter',
        'metad_transport_sent_bytes_total',
        'Bytes sent to other nodes.',
        () => stats().bytesSent,
      ],
      [
        'counter',
        'metad_transport_received_bytes_total',
        'Bytes received from other nodes.',
        () => stats().bytesReceived,
      ],
    ]),
    {
      kind: 'counter',
      name: 'metad_transport_refused_frames_total',
      help: 'Frames refused, by reason: forged, misdirected, of another cluster, too large.',
      labels: ['reason'],
      read: () => Object.entries(stats().refused).map(([reason, count]) => [{ reason }, count]),
    },
  ];
}

function* byRole(
  all: readonly PartitionStatus[],
): Generator<readonly [Readonly<Record<string, string>>, number]> {
  const counts = new Map<string, number>();
  for (const { role, state } of all) {
    const key = `${role} ${state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    const [role = '', state = ''] = key.split(' ');
    yield [{ role, state }, count];
  }
}
