import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MetadClient } from '@metad/client';

const tickMs = 10;
const drainMs = 2_000;
const secondsDefault = 10;
/** A watcher's process is compiled in the meantime; its own pauses are not the nodes'. */
const warmUpSeconds = 3;
const namespace = 'bench-watch';
const watcherProgram = fileURLToPath(new URL('./watcher-process.js', import.meta.url));

export interface Delivery {
  readonly events: number;
  readonly delivered: number;
  readonly expected: number;
  /** Microseconds from the leader's log time to a watcher: replication and commit are included. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

export interface DeliveryLoad {
  readonly watchers: number;
  readonly eventsPerSecond: number;
  /** Default 10. */
  readonly seconds?: number;
  /** Called when what is measured begins: writer and watchers have run for a while. */
  readonly onBegin?: () => void;
}

/** Watchers of one namespace in a process of their own, while events happen at a steady rate. */
export async function measureDelivery(servers: string, load: DeliveryLoad): Promise<Delivery> {
  const { watchers } = load;
  const args = [watcherProgram, servers, namespace, String(watchers)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const writer = await MetadClient.connect({ servers, namespace });
  await write(writer, { ...load, seconds: warmUpSeconds });
  await pause(drainMs);
  child.stdin.write('begin\n');
  await once(child.stdout, 'data');
  load.onBegin?.();
  const events = await write(writer, load);
  await pause(drainMs);
  child.stdin.write('stop\n');
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  await writer.close();
  const seen = JSON.parse(said.toString()) as Pick<Delivery, 'delivered' | 'p50' | 'p90' | 'p99'>;
  return { events, expected: events * watchers, ...seen };
}

async function write(writer: MetadClient, load: DeliveryLoad): Promise<number> {
  const { eventsPerSecond, seconds = secondsDefault } = load;
  const run = Date.now().toString(36); // Else a second run would find everything assigned.
  const perTick = (eventsPerSecond * tickMs) / 1_000;
  const underWay: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let tick = 0; tick * tickMs < seconds * 1_000; tick += 1) {
    for (let at = 0; at < perTick; at += 1) {
      const count = tick * perTick + at;
      const name = { tenantId: `t-${count % 50}`, resourceId: `r-${count % 5_000}` };
      underWay.push(writer.command('AssignResource', { ...name, node: `${run}-${count}` }));
    }
    await pause(Math.max(0, startedAt + (tick + 1) * tickMs - performance.now()));
  }
  await Promise.all(underWay);
  return underWay.length;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
