import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetadClient } from '@metad/client';
import { subjectsUnder } from '@metad/contract';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connect as connectOld } from 'nats';
import { systemClock } from '../../src/app/system-clock.js';
import { startBroker, type EmbeddedBroker } from '../../src/cli/embedded/index.js';
import { InboxDelivery } from '../../src/watch/inbox-delivery.js';
import { WatchedLog } from '../../src/watch/testing/watched-log.js';
import { WatchedNode } from '../../src/watch/testing/watched-node.js';
import { WatchService } from '../../src/watch/watch.service.js';

/** The watch stage of one node on a broker, over a log that the test writes. */
class WatchingNode {
  readonly stage: WatchedNode;
  private constructor(
    readonly connection: NatsConnection,
    private readonly service: WatchService,
    stage: WatchedNode,
  ) {
    this.stage = stage;
  }

  static async start(url: string, name: string, log: WatchedLog): Promise<WatchingNode> {
    const connection = await connect({ servers: url, name, reconnectTimeWait: 20 });
    const stage = new WatchedNode(log);
    const inboxes = new InboxDelivery(connection, subjects, (watcher, reason) => {
      if (reason === 'gone') stage.sessions.close(watcher);
      else stage.sessions.reset(watcher, 'CONNECTION_LOST');
    });
    const options = { node: name, requestBytesMax: 100_000 };
    const service = new WatchService(stage.sessions, inboxes, log, systemClock, options);
    service.start();
    connection.subscribe(subjects.watches, {
      queue: 'metad',
      callback: (_error, message) => {
        const namespace = message.subject.split('.')[3] ?? '';
        message.respond(service.execute(namespace, message.data).payload);
      },
    });
    await connection.flush();
    return new WatchingNode(connection, service, stage);
  }

  async stop(): Promise<void> {
    this.service.stop();
    await this.connection.close();
  }
}

const subjects = subjectsUnder('metad.v1');
let broker: EmbeddedBroker;
let log: WatchedLog;
let nodes: WatchingNode[];
let connection: NatsConnection;

beforeEach(async () => {
  broker = await startBroker();
  log = new WatchedLog(3);
  nodes = [await WatchingNode.start(broker.url, 'n1', log)];
  connection = await connect({ servers: broker.url });
});
afterEach(async () => {
  await connection.close();
  for (const node of nodes) await node.stop();
  await broker.close();
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
const watching = (): number => nodes.reduce((sum, node) => sum + node.stage.sessions.size, 0);

/** A bare watch: an inbox, and the events that came to it. */
async function bareWatch(filter: object): Promise<{ ids: unknown[]; watchId: string }> {
  const watchId = randomUUID();
  const inbox = `_INBOX.${watchId}`;
  const ids: unknown[] = [];
  connection.subscribe(inbox, {
    callback: (_error, message) => {
      if (message.reply) connection.publish(message.reply);
      const { event, id } = message.json<{ event: string; id: unknown }>();
      if (event === 'change') ids.push(id);
    },
  });
  const request = JSON.stringify({ watchId, inbox, filter });
  await connection.request('metad.v1.watch.prod', request, { timeout: 10_000 });
  return { ids, watchId };
}

describe('one node', () => {
  it('serves a thousand watchers', async () => {
    const filters = Array.from({ length: 1_000 }, (_, at) =>
      at % 2 === 0 ? {} : { id: `r${at}` },
    );
    const watches = await Promise.all(filters.map((filter) => bareWatch(filter)));
    const all = Array.from({ length: 100 }, (_, at) => `r${at}`);
    for (const [at, key] of all.entries()) log.append(1 + (at % 3), { key, value: {} });
    await until(
      () => watches.every(({ ids }, at) => at % 2 === 1 || ids.length === all.length),
      'everything is delivered',
    );
    for (const [at, { ids }] of watches.entries()) {
      if (at % 2 === 0) expect([...ids].sort()).toEqual([...all].sort());
      else expect(ids).toEqual(at < 100 ? [`r${at}`] : []);
    }
  });

  it('drops a watch at once when nobody listens to its inbox any more', async () => {
    const watchId = randomUUID();
    const inbox = `_INBOX.${watchId}`;
    const subscription = connection.subscribe(inbox, { callback: () => undefined });
    const request = JSON.stringify({ watchId, inbox });
    await connection.request('metad.v1.watch.prod', request, { timeout: 5_000 });
    expect(watching()).toBe(1);
    subscription.unsubscribe();
    await connection.flush();
    for (let at = 0; at < 100; at += 1) log.append(1, { key: 'a', value: { at } });
    await until(() => watching() === 0, 'the watch is dropped');
  });

  it.each(['metad.v1.raft.metad.n1', '$SYS.REQ', 'somewhere.else', '_INBOX', '_INBOX.*'])(
    'refuses to send events to %s',
    async (inbox) => {
      const request = JSON.stringify({ watchId: 'w', inbox });
      const reply = await connection.request('metad.v1.watch.prod', request, { timeout: 5_000 });
      expect(reply.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
    },
  );

  it('tells its watchers when its link broke, since something may be lost', async () => {
    const client = await MetadClient.over(connection, { namespace: 'prod' });
    const watch = client.watch();
    const seen: unknown[] = [];
    void (async () => {
      for await (const message of watch) if (message.event === 'change') seen.push(message.id);
    })();
    await until(() => watching() === 1, 'the watch is open');
    log.append(1, { key: 'a', value: {} });
    await until(() => seen.length === 1, 'the first event is there');
    broker.cut('n1');
    log.append(1, { key: 'b', value: {} });
    await until(() => seen.length === 2, 'the event of the break is there');
    log.append(1, { key: 'c', value: {} });
    await until(() => seen.length === 3, 'later events are there');
    expect(seen).toEqual(['a', 'b', 'c']);
    await client.close();
  });
});

describe('a watch', () => {
  it('is closed through whichever node hears it', async () => {
    nodes.push(await WatchingNode.start(broker.url, 'n2', log));
    const watches = await Promise.all(Array.from({ length: 20 }, () => bareWatch({})));
    expect(watching()).toBe(20);
    for (const { watchId } of watches) {
      const request = JSON.stringify({ close: watchId });
      const reply = await connection.request('metad.v1.watch.prod', request, { timeout: 5_000 });
      expect(reply.json()).toEqual({ closed: watchId });
    }
    await until(() => watching() === 0, 'all are closed');
  });

  it('of another namespace is not closed by guessing its id', async () => {
    const { watchId } = await bareWatch({});
    await connection.request('metad.v1.watch.test', JSON.stringify({ close: watchId }));
    expect(watching()).toBe(1);
  });

  it('works over the NATS client of before, too', async () => {
    const old = await connectOld({ servers: broker.url });
    const client = await MetadClient.over(old, { namespace: 'prod' });
    const changes = client.watch()[Symbol.asyncIterator]();
    const first = changes.next();
    await until(() => watching() === 1, 'the watch is open');
    log.append(1, { key: 'a', value: {} });
    expect((await first).value).toMatchObject({ event: 'change', id: 'a' });
    await client.close();
    await old.close();
  });
});
