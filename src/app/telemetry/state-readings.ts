import type { PartitionMachines } from '../../consensus/partition-machines.js';
import type { ProjectionStatus } from '../../projection/projection-status.js';
import { reading, type Reading } from './metrics.js';

/** What the state machines hold. */
export function stateReadings(machines: PartitionMachines): Reading[] {
  const sum = (of: (partition: ReturnType<PartitionMachines['user']>) => number): number =>
    machines.partitions().reduce((total, id) => total + of(machines.user(id)), 0);
  return [
    reading('gauge', 'metad_records', 'Records of all kinds held by this node.', () =>
      sum((machine) => machine.records.size),
    ),
    reading(
      'gauge',
      'metad_leases',
      'Records here with a time to live; ended ones count until they are swept.',
      () => sum((machine) => machine.records.leases.size),
    ),
  ];
}

/** What the leaders here ended because nobody renewed it. */
export const leaseReadings = (expired: () => number): Reading[] => [
  reading(
    'counter',
    'metad_lease_expiries_total',
    'Times to live that ended, as proposed by this node and committed.',
    expired,
  ),
];

/** Open watches, and why others were ended. */
export function watchReadings(open: () => number, resets: ReadonlyMap<string, number>): Reading[] {
  return [
    reading('gauge', 'metad_watches', 'Watches open on this node.', open),
    {
      kind: 'counter',
      name: 'metad_watch_resets_total',
      help: 'Watches ended by this node, by the reason that their consumers were told.',
      labels: ['reason'],
      read: () => [...resets].map(([reason, count]) => [{ reason }, count]),
    },
  ];
}

/** How the tables of this node stand. */
export function projectionReadings(list: () => readonly ProjectionStatus[]): Reading[] {
  const of = (value: (status: ProjectionStatus) => number) => () =>
    list().map((status) => [{ projection: status.name }, value(status)] as const);
  const labels = ['projection'];
  return [
    {
      kind: 'gauge',
      name: 'metad_projection_lag_entries',
      help: 'Entries applied here that the tables do not hold yet.',
      labels,
      read: of((status) => status.lagEntries),
    },
    {
      kind: 'gauge',
      name: 'metad_projection_lag_seconds',
      help: 'How long the tables have been behind the state of this node.',
      labels,
      read: of((status) => status.lagMs / 1_000),
    },
    {
      kind: 'gauge',
      name: 'metad_projection_version',
      help: 'Version of the tables in use.',
      labels,
      read: of((status) => status.version),
    },
    {
      kind: 'gauge',
      name: 'metad_projection_heartbeat_age_seconds',
      help: "Time since the processor's last sign of life.",
      labels,
      read: of((status) => status.heartbeatAgeMs / 1_000),
    },
    {
      kind: 'gauge',
      name: 'metad_projection_state',
      help: '1 for the state that a projection is in.',
      labels: ['projection', 'state'],
      read: () => list().map(({ name, state }) => [{ projection: name, state }, 1] as const),
    },
  ];
}
