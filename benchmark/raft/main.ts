import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BenchCluster } from './bench-cluster.js';
import type { NodeReport, Plan } from './plan.js';

// Consensus by itself: three processes, a real broker, a map as state machine, load from inside.
// node dist/benchmark/raft/main.js [--partitions 8] [--outstanding 256] [--log file|none]
//   [--seconds 5] [--repeat 3] [--idle] [--broker nats://…] [--profile DIR]

const { values } = parseArgs({
  options: {
    partitions: { type: 'string', default: '8' },
    outstanding: { type: 'string', default: '256' },
    log: { type: 'string', default: 'file' },
    seconds: { type: 'string', default: '5' },
    repeat: { type: 'string', default: '3' },
    port: { type: 'string', default: '20290' },
    broker: { type: 'string' },
    idle: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function quantile(values: Float64Array, part: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0;
}

function brokerCpu(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const sum = (reports: readonly NodeReport[], of: (report: NodeReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0);

function describe(reports: readonly NodeReport[], brokerSeconds: number): object {
  const seconds = reports[0]?.seconds ?? 1;
  const latencies = Float64Array.from(reports.flatMap((report) => report.latencies)).sort();
  const per = (value: number): number => Math.round(value / seconds);
  return {
    commitsPerSecond: per(sum(reports, (r) => r.commits)),
    p50us: Math.round(quantile(latencies, 0.5)),
    p99us: Math.round(quantile(latencies, 0.99)),
    entriesPerRound: Number((sum(reports, (r) => r.entriesPerRound) / 3).toFixed(1)),
    roundsPerSecond: per(sum(reports, (r) => r.rounds) / 3),
    writeMs: Number((sum(reports, (r) => r.writeMs) / 3).toFixed(2)),
    framesPerNode: per(sum(reports, (r) => r.framesSent) / 3),
    bytesPerFrame: Math.round(sum(reports, (r) => r.bytesSent) / sum(reports, (r) => r.framesSent)),
    nodeCores: reports.map((r) => Number((r.cpuSeconds / r.seconds).toFixed(3))),
    brokerCores: Number((brokerSeconds / seconds).toFixed(2)),
    rssMiB: reports.map((r) => Math.round(r.rssBytes / 2 ** 20)),
    heapMiB: reports.map((r) => Math.round(r.heapBytes / 2 ** 20)),
    leaders: reports.map((r) => r.leaders),
    quiet: reports.map((r) => r.quiet),
    unsettled: sum(reports, (r) => r.unsettled),
  };
}

async function main(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'metad-raft-bench-'));
  const broker = values.broker
    ? null
    : spawn('/usr/sbin/nats-server', ['-a', '127.0.0.1', '-p', values.port], { stdio: 'ignore' });
  const plan: Plan = {
    partitions: Number(values.partitions),
    outstanding: Number(values.outstanding),
    seconds: Number(values.seconds),
    log: values.log === 'none' ? 'none' : 'file',
    payloadBytes: 256,
    brokerUrl: values.broker ?? `nats://127.0.0.1:${values.port}`,
    directory,
  };
  try {
    await pause(300);
    const cluster = await BenchCluster.start(plan, values.profile);
    await cluster.settleLeaders();
    if (values.idle) await pause(5_000);
    else cluster.order({ do: 'load', outstanding: Math.ceil(plan.outstanding / 3) });
    await pause(1_500);
    for (let run = 0; run < Number(values.repeat); run += 1) {
      await cluster.report();
      const before = brokerCpu(broker?.pid);
      await pause(plan.seconds * 1000);
      const reports = await cluster.report();
      console.log(describe(reports, brokerCpu(broker?.pid) - before));
    }
    await cluster.quit();
  } finally {
    broker?.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
