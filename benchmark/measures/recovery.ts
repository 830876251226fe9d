import { startMetad } from '../peers/metad/servers.js';
import type { MetadServers } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { eventually } from '../../test/cluster/process/child.js';
import { Side } from './side.js';
import type { VersusOptions } from './versus.js';

/** Commands after the last snapshot, over all partitions. */
const entriesWanted = 1_000_000;
const entriesWantedQuick = 100_000;
/** Records that they change: the state is small, so that replaying is what takes the time. */
const records = 20_000;
const startMsMax = 600_000;

/**
 * How long nodes take from their start to serving when a million commands lie behind the last
 * snapshot: one node of three that was killed, and all three at once. Snapshots are switched off
 * while the commands are written, which takes minutes.
 */
export async function recovery(options: VersusOptions): Promise<FigureReport> {
  const wanted = options.quick ? entriesWantedQuick : entriesWanted;
  const environment = { METAD_SNAPSHOT_ENTRIES: '100000000' };
  let servers: MetadServers | null = null;
  const side = await Side.start('metad', options.directory, async (directory) => {
    servers = await startMetad({ ...options, projections: false, directory, environment });
    return servers;
  });
  try {
    const metad = servers as MetadServers | null;
    if (!metad) throw new Error('three nodes were started');
    const entries = await write(side, metad, wanted);
    const rows = [
      ...(await restarted(metad, metad.nodes.slice(2), 'one node')),
      ...(await restarted(metad, metad.nodes, 'all three nodes')),
    ].map(({ name, ms }) => ({ name, unit: 'ms', value: ms }));
    const note = `SIGKILL with ${entries} entries and no snapshot, then a start on the same data`;
    return { what: 'recovery', machine: describeMachine(), note, rows };
  } finally {
    await side.stop();
  }
}

/** Changes records until the log holds as many entries as wanted; returns how many it holds. */
async function write(side: Side, metad: MetadServers, wanted: number): Promise<number> {
  const arrival = { kind: 'closed', outstanding: 1_000 } as const;
  const plan = { arrival, records, valueBytes: 256, warmupSeconds: 0 } as const;
  await side.run({ ...plan, operation: 'insert', seconds: 0 });
  for (;;) {
    const held = sum(await appliedBy(metad, 'n1'));
    if (held >= wanted) return held;
    await side.run({ ...plan, operation: 'put', seconds: 10 });
  }
}

/** Kills and starts; milliseconds until all say that they are ready, and have applied the log. */
async function restarted(
  metad: MetadServers,
  nodes: MetadServers['nodes'],
  who: string,
): Promise<{ readonly name: string; readonly ms: number }[]> {
  const before = await appliedBy(metad, 'n1');
  await Promise.all(nodes.map((node) => node.end('SIGKILL')));
  const startedAt = performance.now();
  const elapsed = (): number => Math.round(performance.now() - startedAt);
  await Promise.all(nodes.map((node) => node.start(startMsMax)));
  const readyMs = elapsed();
  for (const { name } of nodes) {
    const has = async (): Promise<boolean> => reaches(await appliedBy(metad, name), before);
    await eventually(`${name} to have applied its log`, has, startMsMax);
  }
  return [
    { name: `${who}: to ready`, ms: readyMs },
    { name: `${who}: to having applied the log`, ms: elapsed() },
  ];
}

interface Described {
  readonly items: readonly { readonly partition: number; readonly appliedIndex: number }[];
}

type Applied = ReadonlyMap<number, number>;

/** The applied index of every partition, as one node has it. */
async function appliedBy(metad: MetadServers, node: string): Promise<Applied> {
  const { items } = (await metad.admin(node, 'partition', 'describe')) as Described;
  return new Map(items.map(({ partition, appliedIndex }) => [partition, appliedIndex]));
}

const reaches = (applied: Applied, wanted: Applied): boolean =>
  [...wanted].every(([partition, index]) => (applied.get(partition) ?? 0) >= index);

const sum = (applied: Applied): number => [...applied.values()].reduce((all, one) => all + one, 0);
