import { setTimeout as sleep } from 'node:timers/promises';
import { NatsServer } from '../../test/cluster/process/nats-server.js';
import { BenchCluster } from '../raft/bench-cluster.js';
import type { NodeReport, Plan } from '../raft/plan.js';
import { describeMachine } from '../report/machine.js';
import type { Figure, FigureReport } from '../report/report.js';
import { median } from './rounds.js';
import { ensureFolder } from './side.js';
import type { VersusOptions } from './versus.js';

const brokerPort = 20545;
const nodes = 3;
const outstanding = 256;
const fewPartitions = 8;
const activePartitions = 1_024;
const idlePartitions = 10_000;
const turns = { quick: 1, full: 3 };
const settleMs = 5_000;
const seconds = 8;

type Setting = Pick<Plan, 'partitions' | 'log'>;

const WITH_LOG: Setting = { partitions: fewPartitions, log: 'file' };
const WITHOUT_LOG: Setting = { partitions: fewPartitions, log: 'none' };
const MANY: Setting = { partitions: activePartitions, log: 'file' };

/** Consensus and its log without the service: a map as state machine, load inside the nodes. */
export async function consensus(options: VersusOptions): Promise<FigureReport> {
  const directory = ensureFolder(options, 'broker');
  const broker = await NatsServer.start({ name: 'nats', directory, clientPort: brokerPort });
  try {
    const rates = await alternateRates(options, broker.url);
    const rows = [...rates, ...(await atRest(options, broker.url))];
    const note = `three processes, ${outstanding} outstanding, commands of 256 bytes; medians`;
    return { what: 'consensus', machine: describeMachine(), note, rows };
  } finally {
    await broker.stop();
  }
}

async function alternateRates(options: VersusOptions, brokerUrl: string): Promise<Figure[]> {
  const measured = new Map<Setting, number[]>();
  for (let turn = 0; turn < (options.quick ? turns.quick : turns.full); turn += 1) {
    for (const setting of [WITH_LOG, WITHOUT_LOG, MANY]) {
      const rate = await rateOf(options, brokerUrl, setting, turn);
      measured.set(setting, [...(measured.get(setting) ?? []), rate]);
      console.log(`  ${setting.partitions} partitions, log ${setting.log}: ${rate} commits/s`);
    }
  }
  const of = (setting: Setting): number => median(measured.get(setting) ?? []);
  const ratio = (a: Setting, b: Setting): number => Math.round((of(a) / of(b)) * 100) / 100;
  const rate = (name: string, setting: Setting): Figure => ({
    ...{ name, unit: 'commits a second', value: of(setting) },
  });
  const few = `${fewPartitions} partitions`;
  const many = `${activePartitions} active partitions`;
  return [
    rate(few, WITH_LOG),
    rate(`${few}, the log's write replaced by nothing`, WITHOUT_LOG),
    { name: 'with the log, of without', unit: 'times', value: ratio(WITH_LOG, WITHOUT_LOG) },
    rate(many, MANY),
    { name: `${many}, of ${few}`, unit: 'times', value: ratio(MANY, WITH_LOG) },
  ];
}

async function rateOf(
  options: VersusOptions,
  brokerUrl: string,
  setting: Setting,
  turn: number,
): Promise<number> {
  const cluster = await start(options, brokerUrl, setting, `${setting.log}-${turn}`);
  try {
    cluster.order({ do: 'load', outstanding: Math.ceil(outstanding / nodes) });
    await sleep(settleMs);
    const reports = await measure(cluster);
    return Math.round(sum(reports, ({ commits }) => commits) / longest(reports));
  } finally {
    await cluster.quit();
  }
}

/** What partitions cost that nobody uses: two clusters differ in their number only. */
async function atRest(options: VersusOptions, brokerUrl: string): Promise<Figure[]> {
  const few = await restOf(options, brokerUrl, fewPartitions);
  const many = await restOf(options, brokerUrl, idlePartitions);
  const perReplica = (many.heldBytes - few.heldBytes) / (idlePartitions - fewPartitions);
  const name = `${idlePartitions} idle partitions`;
  return [
    { name: `${name}, a node`, unit: '% of a core', value: many.corePercent },
    { name: `${name}, messages sent by a node`, unit: 'a second', value: many.messages },
    { name: `${name}, memory of a replica`, unit: 'bytes', value: Math.round(perReplica) },
  ];
}

async function restOf(options: VersusOptions, brokerUrl: string, partitions: number) {
  const cluster = await start(options, brokerUrl, { partitions, log: 'file' }, 'idle');
  try {
    await sleep(settleMs * 2);
    const reports = await measure(cluster);
    const per = (of: (report: NodeReport) => number): number =>
      sum(reports, of) / nodes / longest(reports);
    const held = (await cluster.tell({ do: 'weigh' })) as number[];
    return {
      corePercent: Math.round(per(({ cpuSeconds }) => cpuSeconds) * 1_000) / 10,
      messages: Math.round(per(({ framesSent }) => framesSent) * 10) / 10,
      heldBytes: Math.max(...held),
    };
  } finally {
    await cluster.quit();
  }
}

async function measure(cluster: BenchCluster): Promise<NodeReport[]> {
  await cluster.report(); // What was before is not counted.
  await sleep(seconds * 1_000);
  return cluster.report();
}

async function start(
  options: VersusOptions,
  brokerUrl: string,
  setting: Setting,
  name: string,
): Promise<BenchCluster> {
  const directory = ensureFolder(options, `consensus-${setting.partitions}-${name}`);
  const plan = { ...setting, outstanding, seconds, payloadBytes: 256, brokerUrl, directory };
  const cluster = await BenchCluster.start(plan);
  await cluster.settleLeaders();
  return cluster;
}

const sum = (reports: readonly NodeReport[], of: (report: NodeReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);

const longest = (reports: readonly NodeReport[]): number =>
  Math.max(...reports.map((report) => report.seconds));
