import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchCluster } from './bench-cluster.js';
import type { Plan } from './plan.js';

// Leaders killed with SIGKILL under load: how long their partitions take no writes.
// node dist/benchmark/raft/failover.js [--kills 20] [--partitions 9] [--outstanding 64]

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    partitions: { type: 'string', default: '9' },
    outstanding: { type: 'string', default: '64' },
    port: { type: 'string', default: '20291' },
  },
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'metad-failover-'));
  const broker = spawn('/usr/sbin/nats-server', ['-a', '127.0.0.1', '-p', values.port]);
  const plan: Plan = {
    partitions: Number(values.partitions),
    outstanding: Number(values.outstanding),
    seconds: 0,
    log: 'file',
    payloadBytes: 256,
    brokerUrl: `nats://127.0.0.1:${values.port}`,
    directory,
  };
  const all: number[] = [];
  try {
    await pause(300);
    const cluster = await BenchCluster.start(plan);
    for (let kill = 0; kill < Number(values.kills); kill += 1) {
      await cluster.settleLeaders();
      cluster.order({ do: 'load', outstanding: Math.ceil(plan.outstanding / 3) });
      await pause(1_000);
      const gaps = await cluster.killAndWatch(kill % 3);
      all.push(...gaps);
      console.log(`kill ${kill + 1}:`, gaps.sort((a, b) => a - b).join(' '), 'ms');
      await cluster.startNode(kill % 3);
    }
    all.sort((a, b) => a - b);
    console.log({ median: all[all.length >> 1], worst: all.at(-1), partitions: all.length });
    await cluster.quit();
  } finally {
    broker.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
