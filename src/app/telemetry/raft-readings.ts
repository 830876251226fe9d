import type { LogStats, NodeStatsSnapshot, RaftNode, TransportStats } from '@metad/raft';
import { reading, type Reading } from './metrics.js';

export interface RaftSources {
  readonly node: Pick<RaftNode, 'stats' | 'partitions' | 'status'>;
  readonly log: { stats(): LogStats };
  readonly transport: { stats(): TransportStats };
}

/** Consensus, log and transport as Prometheus sees them. */
export function raftReadings({ node, log, transport }: RaftSources): Reading[] {
  return [
    ...nodeReadings(() => node.stats()),
    ...loopReadings(() => node.stats()),
    ...logReadings(() => log.stats()),
    ...transportReadings(() => transport.stats()),
    {
      kind: 'gauge',
      name: 'metad_partition_replicas',
      help: 'Replicas on this node by role and state.',
      labels: ['role', 'state'],
      read: () => replicasByRole(node),
    },
  ];
}

function nodeReadings(stats: () => NodeStatsSnapshot): Reading[] {
  return [
    reading('gauge', 'metad_raft_partitions', 'Replicas on this node.', () => stats().partitions),
    reading(
      'gauge',
      'metad_raft_quiet_partitions',
      'Replicas at rest: no ticks, no heartbeats.',
      () => stats().quietPartitions,
    ),
    reading(
      'gauge',
      'metad_raft_led_partitions',
      'Partitions that this node leads.',
      () => stats().leaders,
    ),
    reading(
      'gauge',
      'metad_raft_proposals_in_flight',
      'Proposals queued or not yet applied.',
      () => stats().proposalsInFlight,
    ),
    reading('counter', 'metad_raft_proposals_total', 'Proposals taken.', () => stats().proposals),
    reading(
      'counter',
      'metad_raft_applied_entries_total',
      'Entries applied.',
      () => stats().applied,
    ),
    reading('counter', 'metad_raft_rounds_total', 'Durable writes.', () => stats().rounds),
    reading(
      'gauge',
      'metad_raft_entries_per_round',
      'Entries in a durable write, smoothed.',
      () => stats().entriesPerRound,
    ),
  ];
}

function loopReadings(stats: () => NodeStatsSnapshot): Reading[] {
  return [
    reading(
      'gauge',
      'metad_raft_write_seconds',
      'Duration of a durable write, smoothed.',
      () => stats().writeMs / 1_000,
    ),
    reading(
      'gauge',
      'metad_raft_write_seconds_max',
      'Longest durable write of the last interval.',
      () => stats().writeMsMax / 1_000,
    ),
    reading(
      'gauge',
      'metad_loop_delay_seconds',
      'How late a tick came, smoothed.',
      () => stats().loopDelayMs / 1_000,
    ),
    reading(
      'gauge',
      'metad_loop_delay_seconds_max',
      'Latest tick of the last interval.',
      () => stats().loopDelayMsMax / 1_000,
    ),
    reading(
      'counter',
      'metad_raft_dropped_messages_total',
      'Messages dropped at a full outbox, to be probed for again.',
      () => stats().droppedMessages,
    ),
    reading(
      'counter',
      'metad_snapshots_taken_total',
      'Snapshots written.',
      () => stats().snapshotsTaken,
    ),
    reading(
      'counter',
      'metad_snapshot_failures_total',
      'Snapshots that could not be written.',
      () => stats().snapshotFailures,
    ),
  ];
}

function logReadings(stats: () => LogStats): Reading[] {
  return [
    reading(
      'counter',
      'metad_log_written_bytes_total',
      'Bytes written to the log.',
      () => stats().bytesWritten,
    ),
    reading('counter', 'metad_log_syncs_total', 'fdatasync calls.', () => stats().syncs),
    reading(
      'gauge',
      'metad_log_last_sync_seconds',
      'Duration of the last fdatasync.',
      () => stats().syncMsLast / 1_000,
    ),
    reading('gauge', 'metad_log_segments', 'Segments on disk.', () => stats().segments),
    reading(
      'gauge',
      'metad_log_disk_bytes',
      'Bytes of the log on disk.',
      () => stats().bytesOnDisk,
    ),
    reading(
      'gauge',
      'metad_log_tail_bytes',
      'Recent entries kept in memory.',
      () => stats().tailBytes,
    ),
    reading(
      'gauge',
      'metad_log_storage_full',
      '1 while only removals are admitted because the disk is nearly full.',
      () => (stats().storageFull ? 1 : 0),
    ),
  ];
}

function transportReadings(stats: () => TransportStats): Reading[] {
  return [
    reading(
      'counter',
      'metad_transport_frames_sent_total',
      'Frames sent to other nodes.',
      () => stats().framesSent,
    ),
    reading(
      'counter',
      'metad_transport_frames_received_total',
      'Frames received from other nodes.',
      () => stats().framesReceived,
    ),
    reading(
      'counter',
      'metad_transport_sent_bytes_total',
      'Bytes sent to other nodes.',
      () => stats().bytesSent,
    ),
    reading(
      'counter',
      'metad_transport_received_bytes_total',
      'Bytes received from other nodes.',
      () => stats().bytesReceived,
    ),
    {
      kind: 'counter',
      name: 'metad_transport_refused_frames_total',
      help: 'Frames refused, by reason: forged, misdirected, of another cluster, too large.',
      labels: ['reason'],
      read: () => Object.entries(stats().refused).map(([reason, count]) => [{ reason }, count]),
    },
  ];
}

function* replicasByRole(
  node: RaftSources['node'],
): Generator<readonly [Readonly<Record<string, string>>, number]> {
  const counts = new Map<string, number>();
  for (const partition of node.partitions()) {
    const status = node.status(partition);
    if (status === null) continue;
    const key = `${status.role} ${status.state}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    const [role = '', state = ''] = key.split(' ');
    yield [{ role, state }, count];
  }
}
