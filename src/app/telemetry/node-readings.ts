import { statfsSync } from 'node:fs';
import type { EndpointStatistics } from '../nats/endpoint-statistics.js';
import type { NodeFacts, NodeState } from '../node-facts.js';
import { reading, type Reading } from './metrics.js';

const STATES: readonly NodeState[] = ['starting', 'serving', 'draining', 'drained', 'stopping'];

/** What this process is, how it stands, and the disk it lives on. */
export function nodeReadings(
  facts: NodeFacts,
  dataDir: string,
  isConnected: () => boolean,
): Reading[] {
  return [
    {
      kind: 'gauge',
      name: 'metad_build_info',
      help: 'Always 1; the version is in the label.',
      labels: ['version'],
      read: () => [[{ version: facts.version }, 1]],
    },
    {
      kind: 'gauge',
      name: 'metad_node_state',
      help: '1 for the state that the node is in, 0 for the others.',
      labels: ['state'],
      read: () => STATES.map((state) => [{ state }, facts.state === state ? 1 : 0]),
    },
    reading('gauge', 'metad_broker_connected', '1 while NATS is connected.', () =>
      isConnected() ? 1 : 0,
    ),
    reading(
      'gauge',
      'metad_disk_available_bytes',
      'Room left on the disk of the data directory.',
      () => disk(dataDir).available,
    ),
    reading(
      'gauge',
      'metad_disk_size_bytes',
      'Size of the disk of the data directory.',
      () => disk(dataDir).size,
    ),
  ];
}

/** Requests over NATS by kind, counted by the strategy. */
export function requestReadings(
  statistics: ReadonlyMap<string, EndpointStatistics>,
  unanswerable: () => number,
): Reading[] {
  const of = (value: (one: EndpointStatistics) => number) => () =>
    [...statistics].map(([kind, one]) => [{ kind }, value(one)] as const);
  const labels = ['kind'];
  return [
    {
      kind: 'counter',
      name: 'metad_requests_total',
      help: 'Requests over NATS that were answered, by kind.',
      labels,
      read: of((one) => one.requests),
    },
    {
      kind: 'counter',
      name: 'metad_request_errors_total',
      help: 'Requests over NATS that were answered with an error, by kind.',
      labels,
      read: of((one) => one.errors),
    },
    {
      kind: 'gauge',
      name: 'metad_requests_in_flight',
      help: 'Requests over NATS taken and not yet answered, by kind.',
      labels,
      read: of((one) => one.inFlight),
    },
    reading(
      'counter',
      'metad_unanswerable_requests_total',
      'Requests whose reply subject is no inbox: they are never answered.',
      unanswerable,
    ),
  ];
}

/** NaN when the directory is not there yet. */
function disk(path: string): { available: number; size: number } {
  try {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { available: bavail * bsize, size: blocks * bsize };
  } catch {
    return { available: NaN, size: NaN };
  }
}
