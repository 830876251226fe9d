import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { seededRandom } from '@metad/foundation';
import { loadHasher } from '@metad/partition';
import { checkLeases } from './check/leases.js';
import type { Findings } from './check/verdict.js';
import type { FaultKind } from './nemesis/fault.js';
import { availableFaults, Nemesis } from './nemesis/nemesis.js';
import { planFaults } from './nemesis/plan.js';
import type { RunOptions } from './run-options.js';
import { Cluster } from './topology/cluster.js';
import { Administration } from './verify/administration.js';
import { checkHistory, checkLogs } from './verify/check-history.js';
import type { Folded } from './verify/check-history.js';
import { LogCollector } from './verify/log-collector.js';
import { rebuildAll } from './verify/rebuild.js';
import { settle } from './verify/settled.js';
import { checkTables, projectionsCaughtUp } from './verify/tables.js';
import { LeaseWorkload, leaseTtlMs } from './workload/lease-workload.js';
import { ALL_KINDS, clientMap } from './workload/subject.js';
import { Workload } from './workload/workload.js';

const workers = 10;
const subjectsAtOnce = 12;
const pauseMsMax = 40;
const timeoutMs = 4_000;
const leaseEndMs = 2_000;

/** One run: a cluster, clients, faults, then the questions. Returns everything that was found. */
export async function runCluster(
  options: RunOptions,
  directory: string,
  say: (line: string) => void,
): Promise<Findings> {
  await loadHasher();
  const cluster = await Cluster.start({
    nodes: options.nodes,
    partitions: options.partitions,
    directory,
    imports: ['power-loss', 'mutate'].map(plantModule),
    environment: { METAD_PLANT: options.plant, METAD_SNAPSHOT_ENTRIES: '300' },
  });
  try {
    const urls = cluster.brokers.map((broker) => broker.url);
    const administration = await Administration.connect(urls);
    const findings = await exercise(cluster, administration, options, say);
    await administration.close();
    return findings;
  } finally {
    await cluster.stop();
  }
}

async function exercise(
  cluster: Cluster,
  administration: Administration,
  options: RunOptions,
  say: (line: string) => void,
): Promise<Findings> {
  const { seed, partitions } = options;
  const workload = new Workload({
    seed,
    brokerUrls: cluster.brokers.map((broker) => broker.url),
    map: clientMap(partitions),
    kinds: ALL_KINDS,
    workers,
    subjectsAtOnce,
    pauseMsMax,
    timeoutMs,
  });
  const logs = new LogCollector(administration, options.nodes, partitions);
  logs.start();
  workload.start();
  const leases = new LeaseWorkload(cluster.brokers.map((broker) => broker.url));
  leases.start();
  const nemesis = new Nemesis(cluster, say);
  const faults = nemesis.carryOut(plan(cluster, options, say));
  await Promise.all([faults, sleep(options.minutes * 60_000)]);
  say('healing');
  const violations: string[] = [];
  try {
    await cluster.heal();
    await Promise.all([workload.stop(), leases.stop()]);
    // Leases that nobody renews end by entries of their own, after a new leader's full time.
    await sleep(2 * leaseTtlMs + leaseEndMs);
    violations.push(
      ...(await settle(administration, options.nodes, workload.history.acknowledged)),
    );
    await logs.finish();
  } catch (error) {
    violations.push(`after healing: ${String(error)}`);
  }
  await Promise.all([workload.stop(), leases.stop(), logs.stop()]);
  violations.push(...checkLeases(leases.grants, leaseTtlMs));
  say(`leases granted or renewed ${leases.grants.length}`);
  const { internalFaults } = workload.history;
  if (internalFaults > 0) violations.push(`${internalFaults} answers told of an internal fault`);
  const histories = checkHistory(workload.history);
  const folded = checkLogs(workload.history, logs, partitions);
  if (violations.length === 0) {
    violations.push(...(await checkProjections(cluster, administration, options, folded.records)));
  }
  say(`log entries ${folded.entries}, repeated commands in the log ${folded.repeated}`);
  return {
    violations: [...violations, ...nemesis.troubles, ...histories.violations, ...folded.violations],
    doubts: histories.doubts,
    counts: Object.fromEntries(workload.history.tally()),
  };
}

async function checkProjections(
  cluster: Cluster,
  administration: Administration,
  { nodes }: RunOptions,
  records: Folded['records'],
): Promise<string[]> {
  try {
    await projectionsCaughtUp(administration, nodes);
    const faults = await checkTables(cluster.database.url, nodes, records);
    if (faults.length > 0) return faults;
    // What was kept up to date under fire must be what the log alone gives.
    const rebuilt = await rebuildAll(administration, 0);
    return [...rebuilt, ...(await checkTables(cluster.database.url, nodes, records))];
  } catch (error) {
    return [`projections: ${String(error)}`];
  }
}

function plan(cluster: Cluster, options: RunOptions, say: (line: string) => void) {
  const { kinds, missing } = availableFaults(cluster);
  for (const line of missing) say(`cannot do ${line}`);
  const wanted = options.faults.length === 0 ? kinds : kinds.filter((kind) => wants(options, kind));
  const durationMs = options.minutes * 60_000;
  const { nodes, faultMsMax } = options;
  return planFaults(seededRandom(options.seed), { nodes, durationMs, kinds: wanted, faultMsMax });
}

const wants = ({ faults }: RunOptions, kind: FaultKind): boolean => faults.includes(kind);

const plantModule = (name: string): string =>
  pathToFileURL(join(import.meta.dirname, 'plants', `${name}.js`)).href;
