import { measureDelivery, type Delivery, type DeliveryLoad } from '../client/watch-delivery.js';
import { processorSecondsOf } from '../load/processor-use.js';
import { startMetad, type MetadServers } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { ensureFolder } from './side.js';
import type { VersusOptions } from './versus.js';

const watchers = 100;
const eventsPerSecond = 1_000;
const quickSeconds = 5;
const seconds = 20;
/** Nothing is compiled at first: what a node spends on a change falls by half in the meantime. */
const settleSeconds = 15;

/** One round of events, and what the servers spent on it. */
interface Round extends Delivery {
  readonly nodesMicros: number;
  readonly brokerMicros: number;
}

/**
 * How long after the log time of its entry a change arrives at its watchers, and what a delivery
 * costs: the processor time of a round with watchers, less that of the same round without any,
 * for each message delivered. The time without watchers is that of the commands and of the feed.
 */
export async function watch(options: VersusOptions): Promise<FigureReport> {
  const directory = ensureFolder(options, 'metad');
  const flags = process.env['METAD_BENCH_NODE_FLAGS']?.split(' ') ?? [];
  const servers = await startMetad({
    ...{ ...options, projections: false, directory, nodeFlags: flags },
  });
  const load = { eventsPerSecond, seconds: options.quick ? quickSeconds : seconds };
  try {
    await round(servers, { ...load, watchers, seconds: settleSeconds });
    const alone = await round(servers, { ...load, watchers: 0 });
    const watched = await round(servers, { ...load, watchers });
    const note = `${eventsPerSecond} changes per second, each to ${watchers} watchers of all`;
    return { what: 'watch', machine: describeMachine(), note, rows: rowsOf(alone, watched) };
  } finally {
    await servers.stop();
  }
}

function rowsOf(alone: Round, watched: Round): FigureReport['rows'] {
  const { delivered, expected, p50, p90, p99 } = watched;
  const share = Math.round((delivered / expected) * 1_000) / 10;
  const each = (part: 'nodesMicros' | 'brokerMicros'): number =>
    (watched[part] - alone[part]) / delivered;
  return [
    { name: `changes delivered to ${watchers} watchers`, unit: 'of all, %', value: share },
    { name: 'from log time to arrival, p50', unit: 'ms', value: p50 / 1_000 },
    { name: 'from log time to arrival, p90', unit: 'ms', value: p90 / 1_000 },
    { name: 'from log time to arrival, p99', unit: 'ms', value: p99 / 1_000 },
    { name: 'nodes, for one message delivered', unit: 'µs of CPU', value: each('nodesMicros') },
    { name: 'broker, for one message delivered', unit: 'µs of CPU', value: each('brokerMicros') },
    {
      name: 'nodes, for one change without watchers',
      unit: 'µs of CPU',
      value: alone.nodesMicros / alone.events,
    },
  ];
}

async function round(servers: MetadServers, load: DeliveryLoad): Promise<Round> {
  const { nodes = [], broker = [] } = servers.groups?.() ?? {};
  const used = () => [processorSecondsOf(nodes), processorSecondsOf(broker)] as const;
  let before = used();
  const onBegin = (): void => void (before = used());
  const delivery = await measureDelivery(servers.natsUrl, { ...load, onBegin });
  return {
    ...delivery,
    nodesMicros: (processorSecondsOf(nodes) - before[0]) * 1e6,
    brokerMicros: (processorSecondsOf(broker) - before[1]) * 1e6,
  };
}
