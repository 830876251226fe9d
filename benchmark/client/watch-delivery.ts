import { MetadClient } from '@metad/client';
import { Histogram } from '../load/histogram.js';

const watchers = 100;
const eventsPerSecond = 1_000;
const tickMs = 10;
const roundMs = 10_000;

export interface Delivery {
  readonly events: number;
  readonly delivered: number;
  readonly expected: number;
  /** Microseconds from the writer's acknowledgement to a watcher; 0 when the watcher was first. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * 100 watchers of one namespace while 1,000 events a second are committed. An event counts as
 * committed when its writer has been answered, on the same clock as the watchers.
 */
export async function measureDelivery(servers: string): Promise<Delivery> {
  const options = { servers, namespace: 'bench-watch' };
  const writer = await MetadClient.connect(options);
  const reader = await MetadClient.connect(options);
  const committedAt = new Map<string, number>();
  const early = new Map<string, number[]>();
  const times = new Histogram();
  let delivered = 0;
  const arrive = (position: string): void => {
    const now = performance.now();
    delivered += 1;
    const at = committedAt.get(position);
    if (at !== undefined) times.record((now - at) * 1_000);
    else early.set(position, [...(early.get(position) ?? []), now]);
  };
  const open = Array.from({ length: watchers }, () => reader.watch({}, { from: 'now' }));
  for (const watch of open) {
    void (async () => {
      for await (const message of watch) if (message.event === 'change') arrive(message.position);
    })();
  }
  await pause(2_000);
  const events = await write(writer, (position) => {
    const now = performance.now();
    committedAt.set(position, now);
    for (const at of early.get(position) ?? []) times.record((at - now) * 1_000);
    early.delete(position);
  });
  await pause(2_000);
  await Promise.all([reader.close(), writer.close()]);
  const expected = events * watchers;
  return { events, delivered, expected, p50: times.quantile(0.5), p99: times.quantile(0.99) };
}

async function write(writer: MetadClient, onCommitted: (position: string) => void) {
  const perTick = (eventsPerSecond * tickMs) / 1_000;
  const underWay: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let tick = 0; tick * tickMs < roundMs; tick += 1) {
    for (let at = 0; at < perTick; at += 1) underWay.push(one(writer, tick * perTick + at));
    await pause(Math.max(0, startedAt + (tick + 1) * tickMs - performance.now()));
  }
  await Promise.all(underWay);
  return underWay.length;

  async function one(client: MetadClient, count: number): Promise<void> {
    const data = {
      tenantId: `t-${count % 50}`,
      resourceId: `r-${count}`,
      node: `node-${count % 7}`,
    };
    const { position } = await client.command('AssignResource', data);
    onCommitted(position);
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
