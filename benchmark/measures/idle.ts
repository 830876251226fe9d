import { setTimeout as sleep } from 'node:timers/promises';
import { processorSecondsOf, residentBytes } from '../load/processor-use.js';
import { startEtcd } from '../peers/etcd/servers.js';
import { startMetad } from '../peers/metad/servers.js';
import { describeMachine } from '../report/machine.js';
import type { Figure, FigureReport } from '../report/report.js';
import { ensureFolder, Side } from './side.js';
import type { VersusOptions } from './versus.js';

const idleSeconds = 10;
const settleMs = 5_000;
const records = 100_000;
const manyPartitions = 1_024;

/** What three nodes cost when nobody asks anything, and what 100,000 records weigh. */
export async function idle(options: VersusOptions): Promise<FigureReport> {
  const rows: Figure[] = [];
  for (const partitions of [options.partitions, manyPartitions]) {
    const directory = ensureFolder(options, `metad-${partitions}`);
    const servers = await startMetad({ ...options, partitions, projections: false, directory });
    rows.push(await restCost(`metad, ${partitions} partitions`, servers.nodePids()));
    await servers.stop();
  }
  const etcd = await startEtcd({ directory: ensureFolder(options, 'etcd') });
  rows.push(await restCost('etcd', etcd.pids()));
  await etcd.stop();
  rows.push(await weight('metad', options), await weight('etcd', options));
  const note = `CPU over ${idleSeconds} s, all three nodes; memory of the largest node`;
  return { what: 'idle', machine: describeMachine(), note, rows };
}

async function restCost(name: string, pids: readonly number[]): Promise<Figure> {
  await sleep(settleMs);
  const before = processorSecondsOf(pids);
  await sleep(idleSeconds * 1000);
  const used = (processorSecondsOf(pids) - before) / idleSeconds;
  return { name: `${name}: idle`, unit: '% of a core', value: Math.round(used * 1000) / 10 };
}

async function weight(peer: 'metad' | 'etcd', options: VersusOptions): Promise<Figure> {
  const side = await Side.start(`weight-${peer}`, options.directory, (directory) =>
    peer === 'etcd'
      ? startEtcd({ directory })
      : startMetad({ ...options, projections: false, directory }),
  );
  const arrival = { kind: 'closed', outstanding: 256 } as const;
  const plan = { operation: 'insert', arrival, records, valueBytes: 256 } as const;
  await side.run({ ...plan, seconds: 0, warmupSeconds: 0 });
  await sleep(settleMs);
  const largest = Math.max(...side.servers.pids().slice(0, 3).map(residentBytes));
  await side.stop();
  const value = Math.round(largest / 1e6);
  return { name: `${peer}: memory with ${records} records of 256 bytes`, unit: 'MB', value };
}
