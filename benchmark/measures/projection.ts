import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../test/cluster/process/child.js';
import { startMetad } from '../peers/metad/servers.js';
import type { MetadServers } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { Figure, FigureReport } from '../report/report.js';
import { Side } from './side.js';
import type { VersusOptions } from './versus.js';

const loadSeconds = 10;
/** Between two looks at the lag of every node, milliseconds. */
const lagEveryMs = 20;
const records = 50_000;
const drainMsMax = 120_000;

interface Listed {
  readonly items: readonly {
    readonly name: string;
    readonly lagEntries: number;
    readonly lagMs: number;
  }[];
}

interface Job {
  readonly state: string;
  readonly done: number;
  readonly total: number;
}

/** How far the tables are behind under load, how fast they catch up, how fast they are rebuilt. */
export async function projection(options: VersusOptions): Promise<FigureReport> {
  let servers: MetadServers | null = null;
  const side = await Side.start('metad', options.directory, async (directory) => {
    servers = await startMetad({ ...options, projections: true, directory });
    return servers;
  });
  try {
    const metad = servers as MetadServers | null;
    if (!metad) throw new Error('three nodes were started');
    const peak = await underLoad(side, metad);
    const half = Math.round((peak[0] as Figure).value / 2);
    const rows = [...peak, ...(await atHalf(side, metad, half)), await rebuilt(metad)];
    const note = 'three nodes, each into a schema of its own in one PostgreSQL';
    return { what: 'projection', machine: describeMachine(), note, rows };
  } finally {
    await side.stop();
  }
}

async function lagOf(servers: MetadServers): Promise<number> {
  const lags = await Promise.all(
    servers.nodes.map(async ({ name }) => {
      const { items } = (await servers.admin(name, 'projection', 'list')) as Listed;
      return Math.max(0, ...items.map(({ lagEntries }) => lagEntries));
    }),
  );
  return Math.max(...lags);
}

async function underLoad(side: Side, servers: MetadServers): Promise<Figure[]> {
  const arrival = { kind: 'closed', outstanding: 256 } as const;
  const plan = { operation: 'put', arrival, records, valueBytes: 256 } as const;
  const load = side.run({ ...plan, seconds: loadSeconds, warmupSeconds: 1 });
  let worst = 0;
  let under = true;
  const finished = load.finally(() => (under = false));
  while (under) {
    worst = Math.max(worst, await lagOf(servers));
    await Promise.race([finished, sleep(500)]);
  }
  const result = await finished;
  const startedAt = performance.now();
  const drained = async (): Promise<boolean> => (await lagOf(servers)) === 0;
  await eventually('the tables to catch up', drained, drainMsMax);
  const drainMs = Math.round(performance.now() - startedAt);
  return [
    { name: 'commands at 256 outstanding', unit: 'per second', value: result.perSecond },
    { name: 'largest lag of a node under that load', unit: 'entries', value: worst },
    { name: 'until the tables are level after it', unit: 'ms', value: drainMs },
  ];
}

/** Commands come at a fixed rate, whatever the answers do; lag as the nodes themselves tell it. */
async function atHalf(side: Side, servers: MetadServers, perSecond: number): Promise<Figure[]> {
  const arrival = { kind: 'open', perSecond, outstandingMax: 4_096 } as const;
  const plan = { operation: 'put', arrival, records, valueBytes: 256 } as const;
  const lags: number[] = [];
  let under = true;
  const load = side
    .run({ ...plan, seconds: loadSeconds, warmupSeconds: 2 })
    .finally(() => (under = false));
  await sleep(2_000);
  while (under) {
    for (const { name } of servers.nodes) {
      const { items } = (await servers.admin(name, 'projection', 'list')) as Listed;
      lags.push(Math.max(0, ...items.map(({ lagMs }) => lagMs)));
    }
    await sleep(lagEveryMs);
  }
  await load;
  lags.sort((a, b) => a - b);
  const at = (part: number): number => lags[Math.floor((lags.length - 1) * part)] ?? 0;
  const rate = `at ${perSecond} commands a second, half of that`;
  return [
    { name: `lag ${rate}, p50 of ${lags.length} looks`, unit: 'ms', value: at(0.5) },
    { name: `lag ${rate}, p99`, unit: 'ms', value: at(0.99) },
  ];
}

async function rebuilt(servers: MetadServers): Promise<Figure> {
  const startedAt = performance.now();
  const body = { name: 'resource', activate: true };
  const { jobId } = (await servers.admin('n1', 'projection', 'rebuild', body)) as {
    jobId: string;
  };
  const job = await eventually(
    'the rebuild',
    async () => {
      const shown = (await servers.admin('n1', 'job', 'show', { jobId })) as Job;
      if (shown.state === 'failed') throw new Error(JSON.stringify(shown));
      return shown.state === 'done' || shown.state === 'completed' ? shown : null;
    },
    drainMsMax,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const value = Math.round(job.total / seconds);
  return {
    name: `rebuild of ${job.total} entries beside the live tables`,
    unit: 'per second',
    value,
  };
}
