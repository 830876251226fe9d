import { measureEcho, measureLookUps, type Rate } from '../client/look-ups.js';
import { processorSecondsOf } from '../load/processor-use.js';
import { startMetad, type MetadServers } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { ensureFolder } from './side.js';
import type { VersusOptions } from './versus.js';

const rounds = 3;

interface Spent extends Rate {
  /** Microseconds of CPU for one call. */
  readonly client: number;
  readonly nodes: number;
  readonly broker: number;
}

/**
 * Linearizable look-ups by key through the client library, 64 outstanding, against the NATS
 * client's own requests to a process that only echoes: in turns, since machines change their mind.
 */
export async function lookUps(options: VersusOptions): Promise<FigureReport> {
  const directory = ensureFolder(options, 'metad');
  const flags = process.env['METAD_BENCH_NODE_FLAGS']?.split(' ') ?? [];
  const servers = await startMetad({
    ...{ ...options, projections: false, directory, nodeFlags: flags },
  });
  try {
    const echoes: Spent[] = [];
    const found: Spent[] = [];
    for (let round = 0; round < (options.quick ? 1 : rounds); round += 1) {
      echoes.push(await spent(servers, measureEcho));
      found.push(await spent(servers, measureLookUps));
    }
    const [echo, lookUp] = [middle(echoes), middle(found)];
    const note = '64 outstanding; the echo is the NATS client of Node on both sides';
    const rows = [
      { name: 'echo', unit: 'per second', value: echo.perSecond },
      { name: 'echo, client process', unit: 'µs of CPU', value: echo.client },
      { name: 'GetResource', unit: 'per second', value: lookUp.perSecond },
      { name: 'GetResource, p50', unit: 'ms', value: lookUp.p50 / 1_000 },
      { name: 'GetResource, p99', unit: 'ms', value: lookUp.p99 / 1_000 },
      { name: 'GetResource, client process', unit: 'µs of CPU', value: lookUp.client },
      { name: 'GetResource, three nodes', unit: 'µs of CPU', value: lookUp.nodes },
      { name: 'GetResource, broker', unit: 'µs of CPU', value: lookUp.broker },
      { name: 'GetResource in echoes', unit: 'times', value: lookUp.perSecond / echo.perSecond },
    ];
    return { what: 'look-ups', machine: describeMachine(), note, rows };
  } finally {
    await servers.stop();
  }
}

const middle = (all: readonly Spent[]): Spent =>
  [...all].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(all.length / 2)] as Spent;

async function spent(
  { groups, natsUrl }: MetadServers,
  measure: (servers: string) => Promise<Rate>,
): Promise<Spent> {
  const { nodes = [], broker = [] } = groups?.() ?? {};
  const before = [processorSecondsOf(nodes), processorSecondsOf(broker)] as const;
  const own = process.cpuUsage();
  const rate = await measure(natsUrl);
  const { user, system } = process.cpuUsage(own);
  const each = (seconds: number): number => (seconds * 1e6) / rate.calls;
  return {
    ...rate,
    client: each((user + system) / 1e6),
    nodes: each(processorSecondsOf(nodes) - before[0]),
    broker: each(processorSecondsOf(broker) - before[1]),
  };
}
