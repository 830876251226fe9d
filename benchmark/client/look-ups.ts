import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MetadClient } from '@metad/client';
import { connect } from '@nats-io/transport-node';
import { Histogram } from '../load/histogram.js';

const outstanding = 64;
const roundMs = 3_000;
const warmUpMs = 1_000;
const subject = 'benchmark.echo';
const echoProgram = fileURLToPath(new URL('./echo-responder.js', import.meta.url));

export interface Rate {
  readonly perSecond: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** All calls, those of the warm-up included: what processor time is divided by. */
  readonly calls: number;
}

/** Keeps `outstanding` calls under way for a round. */
async function measure(call: () => Promise<unknown>): Promise<Rate> {
  const warmUp = new Histogram();
  await drive(call, warmUpMs, warmUp);
  const times = new Histogram();
  const startedAt = performance.now();
  await drive(call, roundMs, times);
  const perSecond = Math.round((times.count / (performance.now() - startedAt)) * 1_000);
  const [p50, p99] = [times.quantile(0.5), times.quantile(0.99)];
  return { perSecond, p50, p99, calls: warmUp.count + times.count };
}

async function drive(call: () => Promise<unknown>, ms: number, times: Histogram): Promise<void> {
  const endsAt = performance.now() + ms;
  const worker = async (): Promise<void> => {
    for (let at = performance.now(); at < endsAt; at = performance.now()) {
      await call();
      times.record((performance.now() - at) * 1_000);
    }
  };
  await Promise.all(Array.from({ length: outstanding }, worker));
}

/** The NATS client's own request against a process that only echoes. */
export async function measureEcho(servers: string): Promise<Rate> {
  const child = spawn(process.execPath, [echoProgram, servers, subject], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const connection = await connect({ servers });
  const payload = JSON.stringify({ params: { tenantId: 'bench-1', resourceId: 'r-1' } });
  try {
    return await measure(() => connection.request(subject, payload, { timeout: 5_000 }));
  } finally {
    await connection.close();
    child.kill();
  }
}

/** Linearizable look-ups by key, spread over tenants and so over partitions. */
export async function measureLookUps(servers: string): Promise<Rate> {
  const client = await MetadClient.connect({ servers, namespace: 'bench' });
  const tenants = 64;
  for (let at = 0; at < tenants; at += 1) {
    const data = { tenantId: `bench-${at}`, resourceId: 'r-1', node: 'node-a' };
    await client.command('AssignResource', data);
  }
  let next = 0;
  try {
    return await measure(() => {
      next = (next + 1) % tenants;
      const params = { tenantId: `bench-${next}`, resourceId: 'r-1' };
      return client.query('GetResource', params, { consistency: 'linearizable' });
    });
  } finally {
    await client.close();
  }
}
