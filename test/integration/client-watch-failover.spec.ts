import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadClient, type ChangeMessage, type Watch, type WatchFilter } from '@metad/client';
import { seededRandom } from '@metad/foundation';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { RunningCluster } from '../fixtures/running-cluster.js';

/** Set METAD_TEST_FAILOVER_MS to 60000 for the long run. */
const durationMs = Number(process.env['METAD_TEST_FAILOVER_MS'] ?? 12_000);
const killEveryMs = 4_000;
const tenants = ['acme', 'bolt', 'core', 'dune', 'echo'];
const nodes = ['node-a', 'node-b', 'node-c'];

let cluster: RunningCluster;
let admin: NatsConnection;
let writer: MetadClient;
let readers: MetadClient[];

beforeAll(async () => {
  cluster = await RunningCluster.start({ nodes: 3, partitions: 4 });
  admin = await connect({ servers: cluster.nats });
  const options = { servers: cluster.nats, namespace: 'prod', timeoutMs: 30_000 };
  writer = await MetadClient.connect(options);
  readers = await Promise.all([MetadClient.connect(options), MetadClient.connect(options)]);
}, 300_000);

afterAll(async () => {
  await Promise.all([writer, ...readers].map((client) => client.close()));
  await admin.close();
  await cluster.stop();
});

/** One watcher, and what it has seen. */
class Observer {
  readonly seen: ChangeMessage[] = [];
  restarts = 0;
  private readonly watch: Watch;

  constructor(
    client: MetadClient,
    readonly filter: WatchFilter,
    from: string,
  ) {
    this.watch = client.watch(filter, { from });
    void this.follow();
  }

  get reopened(): number {
    return this.watch.reopened;
  }

  /** Per partition: the events in the order in which they came. */
  sequences(): Map<string, string[]> {
    return sequencesOf(this.seen);
  }

  close(): void {
    this.watch.close();
  }

  private async follow(): Promise<void> {
    for await (const message of this.watch) {
      if (message.event === 'change') this.seen.push(message);
      else if (message.event === 'restart') this.restarts += 1;
    }
  }
}

function sequencesOf(changes: readonly ChangeMessage[]): Map<string, string[]> {
  const byPartition = new Map<string, string[]>();
  for (const { position, type, id, record, commandId } of changes) {
    const partition = position.split('.').slice(0, 3).join('.');
    const event = JSON.stringify([position, type, id, record?.['version'] ?? null, commandId]);
    const known = byPartition.get(partition);
    if (known) known.push(event);
    else byPartition.set(partition, [event]);
  }
  return byPartition;
}

/** Writes until told to stop; returns the positions that were acknowledged. */
async function writeUntil(stopped: () => boolean, seed: number): Promise<string[]> {
  const random = seededRandom(seed);
  const pick = (list: readonly string[]): string => list[random.below(list.length)] as string;
  const acknowledged: string[] = [];
  while (!stopped()) {
    const data = { tenantId: pick(tenants), resourceId: `r${random.below(30)}`, node: pick(nodes) };
    const reply = await writer.command('AssignResource', data);
    if (reply.outcome === 'applied') acknowledged.push(reply.position);
    await pause(5);
  }
  return acknowledged;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills the leader of a partition outright; the launcher starts it again. */
async function killLeader(partition: number): Promise<void> {
  const described = await admin.request(
    'metad.v1.admin._any.partition.describe',
    JSON.stringify({ partition }),
    { timeout: 5_000 },
  );
  const { items } = described.json<{ items: { leader: string | null }[] }>();
  const leader = items[0]?.leader;
  if (!leader) return;
  const node = await admin.request(`metad.v1.admin.${leader}.node.describe`, '{}', {
    timeout: 5_000,
  });
  process.kill(node.json<{ pid: number }>().pid, 'SIGKILL');
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = Date.now() + 60_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`never happened: ${what}`);
    await pause(50);
  }
}

const passes = (filter: WatchFilter, { kind, record, before }: ChangeMessage): boolean =>
  Object.entries(filter).every(
    ([name, value]) =>
      (name === 'kind' && kind === value) || record?.[name] === value || before?.[name] === value,
  );

describe('watchers of a cluster whose leaders are killed', () => {
  it('see the whole history, each in its order, without a hole or a repetition', async () => {
    const filters = [{}, { kind: 'resource' }, ...nodes.map((node) => ({ node })), { id: 'r7' }];
    const observers = filters.flatMap((filter) =>
      readers.map((client) => new Observer(client, filter, 'now')),
    );
    await until(() => observers.length === 12, 'watchers are there');
    await pause(1_000);
    let stopped = false;
    const writing = [1, 2, 3, 4].map((seed) => writeUntil(() => stopped, seed));
    const endsAt = Date.now() + durationMs;
    for (let round = 0; Date.now() < endsAt; round += 1) {
      await pause(killEveryMs);
      await killLeader(1 + (round % 4)).catch(() => undefined); // Nobody answers: it is down.
    }
    stopped = true;
    const acknowledged = (await Promise.all(writing)).flat();
    expect(acknowledged.length).toBeGreaterThan(100);

    // The reference is the log itself, read from its beginning once all is quiet.
    const incarnation = acknowledged[0]?.split('.')[1] ?? '';
    const start = [1, 2, 3, 4].map((partition) => `m1.${incarnation}.${partition}.0`).join(',');
    const reference = new Observer(writer, {}, start);
    const has = (observer: Observer, position: string): boolean =>
      observer.seen.some((change) => change.position === position);
    await until(() => acknowledged.every((one) => has(reference, one)), 'the history is complete');
    for (const observer of observers) {
      const expected = sequencesOf(reference.seen.filter((one) => passes(observer.filter, one)));
      const size = [...expected.values()].flat().length;
      await until(() => observer.seen.length >= size, `${JSON.stringify(observer.filter)} is told`);
      expect(observer.sequences()).toEqual(expected);
      expect(observer.restarts).toBe(0);
    }
    expect(observers.some((observer) => observer.reopened > 0)).toBe(true);
    for (const observer of [...observers, reference]) observer.close();
  }, 240_000);
});
