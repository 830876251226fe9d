import { startMetad } from '../peers/metad/servers.js';
import type { MetadServers } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { eventually } from '../../test/cluster/process/child.js';
import { Side } from './side.js';
import type { VersusOptions } from './versus.js';

const records = 100_000;
const missed = 50_000;

/** How long a node takes from its start to serving, and to what it missed while it was away. */
export async function recovery(options: VersusOptions): Promise<FigureReport> {
  let servers: MetadServers | null = null;
  const side = await Side.start('metad', options.directory, async (directory) => {
    servers = await startMetad({ ...options, projections: false, directory });
    return servers;
  });
  try {
    const metad = servers as MetadServers | null;
    const last = metad?.nodes[2];
    if (!metad || !last) throw new Error('three nodes were started');
    await insert(side, records);
    await last.end('SIGKILL');
    const readyMs = await timed(() => last.start());
    await last.end('SIGKILL');
    await insert(side, missed);
    const backMs = await timed(() => last.start());
    const caughtUpMs = backMs + (await timed(() => caughtUp(metad)));
    const rows = [
      { name: `restart with ${records} entries, to ready`, unit: 'ms', value: readyMs },
      { name: `restart after missing ${missed} entries, to ready`, unit: 'ms', value: backMs },
      { name: `the same, to having applied them`, unit: 'ms', value: caughtUpMs },
    ];
    const note = 'SIGKILL, then a start of the same process on the same data';
    return { what: 'recovery', machine: describeMachine(), note, rows };
  } finally {
    await side.stop();
  }
}

async function insert(side: Side, count: number): Promise<void> {
  const arrival = { kind: 'closed', outstanding: 256 } as const;
  const plan = { operation: 'insert', arrival, records: count, valueBytes: 256 } as const;
  await side.run({ ...plan, seconds: 0, warmupSeconds: 0 });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

interface Described {
  readonly items: readonly { readonly partition: number; readonly appliedIndex: number }[];
}

async function caughtUp(servers: MetadServers): Promise<void> {
  await eventually('the node to catch up', async () => {
    const first = (await servers.admin('n1', 'partition', 'describe')) as Described;
    const last = (await servers.admin('n3', 'partition', 'describe')) as Described;
    const applied = new Map(last.items.map((one) => [one.partition, one.appliedIndex]));
    return first.items.every((one) => (applied.get(one.partition) ?? 0) >= one.appliedIndex);
  });
}
