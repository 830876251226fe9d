import { setTimeout as sleep } from 'node:timers/promises';
import { connectPeer } from '../peers/clients.js';
import type { EtcdServers } from '../peers/etcd/servers.js';
import { startEtcd } from '../peers/etcd/servers.js';
import { partitionOfRecord } from '../peers/metad/client.js';
import { startMetad } from '../peers/metad/servers.js';
import type { MetadServers } from '../peers/metad/servers.js';
import type { PeerClient } from '../peers/peer.js';
import { describeMachine } from '../report/machine.js';
import type { FigureReport } from '../report/report.js';
import { median } from './rounds.js';
import type { VersusOptions } from './versus.js';
import { ensureFolder } from './side.js';

const everyMs = 10;
const settleMs = 3_000;
const gapMsMax = 20_000;

/**
 * Time without writes after SIGKILL of a leader: one write every 10 ms to each group that the
 * victim led, and the longest time between two acknowledgements of the same group.
 */
export async function failover(options: VersusOptions, rounds: number): Promise<FigureReport> {
  const metad = await metadGaps(options, rounds);
  const etcd = await etcdGaps(options, rounds);
  const rows = [
    { name: 'metad, a partition', unit: 'ms', value: median(metad.flat()) },
    { name: 'metad, the slowest partition', unit: 'ms', value: median(metad.map(largest)) },
    { name: 'etcd', unit: 'ms', value: median(etcd) },
    { name: 'metad, the worst of all', unit: 'ms', value: largest(metad.flat()) },
    { name: 'etcd, the worst of all', unit: 'ms', value: largest(etcd) },
  ];
  const note = `median of ${rounds} kills each; etcd and metad with their default timing`;
  return { what: 'failover', machine: describeMachine(), note, rows };
}

const largest = (values: readonly number[]): number => Math.max(0, ...values);

async function metadGaps(options: VersusOptions, rounds: number): Promise<number[][]> {
  const servers = await startMetad({ ...options, directory: ensureFolder(options, 'metad') });
  const client = await connectPeer(servers.address);
  const gaps: number[][] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const { victim, records } = await chooseVictim(servers, options.partitions);
      const node = servers.nodes[victim];
      if (!node) throw new Error('no node leads anything');
      gaps.push(await gapsDuring(client, records, () => node.signal('SIGKILL')));
      await node.end('SIGKILL');
      await node.start();
      await sleep(settleMs);
      console.log(`  metad round ${round + 1}: ${gaps.at(-1)?.join(' ')} ms`);
    }
  } finally {
    await client.close();
    await servers.stop();
  }
  return gaps;
}

/** The node that leads most, and one record in each partition that it leads. */
async function chooseVictim(servers: MetadServers, partitions: number) {
  const led = await Promise.all(
    servers.nodes.map(async ({ name }) => {
      const described = await servers.admin(name, 'partition', 'describe');
      const { items } = described as { items: { partition: number; role: string }[] };
      return items
        .filter(({ partition, role }) => role === 'leader' && partition > 0)
        .map(({ partition }) => partition);
    }),
  );
  const most = Math.max(...led.map((list) => list.length));
  const victim = led.findIndex((list) => list.length === most);
  const wanted = new Set(led[victim]);
  const records: number[] = [];
  for (let record = 0; wanted.size > 0 && record < 1_000; record += 1) {
    if (wanted.delete(partitionOfRecord(record, partitions))) records.push(record);
  }
  return { victim, records };
}

async function etcdGaps(options: VersusOptions, rounds: number): Promise<number[]> {
  const servers: EtcdServers = await startEtcd({ directory: ensureFolder(options, 'etcd') });
  const gaps: number[] = [];
  const client = await connectPeer(servers.address);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const victim = (await servers.leader()) - 1;
      gaps.push(...(await gapsDuring(client, [1], () => void servers.kill(victim))));
      await servers.revive(victim);
      await sleep(settleMs);
      console.log(`  etcd round ${round + 1}: ${gaps.at(-1)} ms`);
    }
  } finally {
    await client.close();
    await servers.stop();
  }
  return gaps;
}

/** Longest time between two acknowledged writes, for each record, around `strike`. */
async function gapsDuring(
  client: PeerClient,
  records: readonly number[],
  strike: () => void,
): Promise<number[]> {
  const writers = records.map((record) => new Writer(client, record));
  await sleep(1_000);
  for (const writer of writers) writer.forgetGaps();
  strike();
  const until = performance.now() + gapMsMax;
  await sleep(everyMs * 5);
  while (writers.some((writer) => !writer.resumed) && performance.now() < until) await sleep(50);
  await sleep(500);
  return writers.map((writer) => writer.stop());
}

/** One write every 10 ms to one record, answered or not. */
class Writer {
  private readonly timer: NodeJS.Timeout;
  private last = performance.now();
  private longest = 0;
  private since = 0;

  constructor(client: PeerClient, record: number) {
    let serial = 0;
    this.timer = setInterval(() => {
      serial += 1;
      const sentAt = performance.now();
      client.put(record, `w${process.pid}-${serial}-${sentAt}`, (error) => {
        if (!error) this.acknowledged(sentAt);
      });
    }, everyMs);
  }

  /** A write that was sent after the strike has been acknowledged. */
  get resumed(): boolean {
    return this.since > 0 && this.longest > 0 && this.last > this.since + everyMs * 5;
  }

  forgetGaps(): void {
    this.longest = 0;
    this.since = performance.now();
  }

  stop(): number {
    clearInterval(this.timer);
    return Math.round(this.longest);
  }

  private acknowledged(_sentAt: number): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
  }
}
