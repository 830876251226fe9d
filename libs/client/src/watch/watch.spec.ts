import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { MetadClient } from '../metad-client.js';
import { ManualClock, MemoryBroker, type Body, type MemoryConnection } from '../testing/index.js';
import type { Watch } from './watch.js';
import type { WatchMessage } from './watch-types.js';

/** A node that says what a test tells it to. */
class ScriptedNode {
  readonly opened: Body[] = [];
  readonly closed: unknown[] = [];
  readonly answered: string[] = [];
  refuse: MetadError | null = null;
  silent = false;
  private readonly connection: MemoryConnection;

  constructor(
    broker: MemoryBroker,
    private readonly position = 'm1.aa.1.10',
  ) {
    this.connection = broker.answer('metad.v1.watch.*', (body) => this.onRequest(body));
    this.connection.subscribe('answers.*', {
      callback: (_error, { subject }) => void this.answered.push(subject),
    });
  }

  say(message: object, reply = ''): void {
    const inbox = String(this.opened.at(-1)?.['inbox']);
    this.connection.publish(inbox, JSON.stringify(message), reply === '' ? {} : { reply });
  }

  change(index: number, previous: number, more: object = {}, reply = ''): void {
    const record = { namespace: 'prod', id: `r${index}`, version: 1, node: 'n1' };
    const position = `m1.aa.1.${index}`;
    const chained = { position, previous: `m1.aa.1.${previous}` };
    this.say(
      { event: 'change', id: `r${index}`, kind: 'tenant', record, ...chained, ...more },
      reply,
    );
  }

  get lastFrom(): unknown {
    return this.opened.at(-1)?.['from'];
  }

  private onRequest(body: Body): object | null {
    if (this.silent) return null;
    if (body['close'] !== undefined) {
      this.closed.push(body['close']);
      return null;
    }
    if (this.refuse !== null) return this.refuse.toBody();
    this.opened.push(body);
    const snapshot = body['from'] === 'snapshot';
    return { watchId: body['watchId'], node: 'n1', ...(!snapshot && { position: this.position }) };
  }
}

let clock: ManualClock;
let broker: MemoryBroker;
let node: ScriptedNode;
let connection: MemoryConnection;
let client: MetadClient;

beforeEach(async () => {
  clock = new ManualClock();
  broker = new MemoryBroker();
  node = new ScriptedNode(broker);
  connection = broker.connect();
  const random = { fraction: () => 0.5, below: () => 0 };
  client = await MetadClient.over(connection, { namespace: 'prod', clock, random });
});
afterEach(async () => {
  await client.close();
  connection.close();
});

/** Takes messages as they come and keeps them. */
function collect(watch: Watch): WatchMessage[] {
  const messages: WatchMessage[] = [];
  void (async () => {
    for await (const message of watch) messages.push(message);
  })();
  return messages;
}
const ids = (messages: readonly WatchMessage[]) =>
  messages.map((one) => (one.event === 'change' ? one.id : one.event));

describe('a watch', () => {
  it('hands out changes in order', async () => {
    const messages = collect(client.watch({ kind: 'tenant' }));
    await clock.advance(1);
    expect(node.opened[0]).toMatchObject({ from: 'now', filter: { kind: 'tenant' } });
    node.change(12, 10);
    node.change(15, 12);
    await clock.advance(1);
    expect(ids(messages)).toEqual(['r12', 'r15']);
  });

  it('opens again from what it has when an event is missing', async () => {
    const messages = collect(client.watch());
    await clock.advance(1);
    node.change(12, 10);
    node.change(15, 13);
    await clock.advance(1);
    expect(node.opened).toHaveLength(2);
    expect(node.lastFrom).toBe('m1.aa.1.12');
    node.change(13, 12);
    node.change(15, 13);
    await clock.advance(1);
    expect(ids(messages)).toEqual(['r12', 'r13', 'r15']);
  });

  it('opens again when progress counts messages that did not come', async () => {
    const messages = collect(client.watch());
    await clock.advance(1);
    node.change(12, 10);
    node.say({ event: 'progress', position: 'm1.aa.1.20', messages: 2 });
    await clock.advance(1);
    expect(node.lastFrom).toBe('m1.aa.1.12');
    node.say({ event: 'progress', position: 'm1.aa.1.21', messages: 0 });
    await clock.advance(1);
    expect(node.opened).toHaveLength(2);
    expect(ids(messages)).toEqual(['r12']);
  });

  it('goes on after a reset, after silence, and after a new link', async () => {
    collect(client.watch());
    await clock.advance(1);
    node.change(12, 10);
    await clock.advance(1);
    node.say({ event: 'reset', reason: 'NODE_STOPPING', available: null });
    await clock.advance(1);
    expect(node.opened).toHaveLength(2);
    await clock.advance(17_000);
    expect(node.opened).toHaveLength(3);
    connection.cut();
    connection.restore();
    await clock.advance(1);
    expect(node.opened.map((one) => one['from'])).toEqual([
      'now',
      ...Array<string>(3).fill('m1.aa.1.12'),
    ]);
  });

  it('does not repeat the events of an entry that it got half of', async () => {
    const messages = collect(client.watch());
    await clock.advance(1);
    node.change(12, 10, { id: 'a', more: true });
    await clock.advance(1);
    node.say({ event: 'reset', reason: 'NODE_STOPPING', available: null });
    await clock.advance(1);
    expect(node.lastFrom).toBe('m1.aa.1.10');
    node.change(12, 10, { id: 'a', more: true });
    node.change(12, 12, { id: 'b' });
    node.change(13, 12, { id: 'c' });
    await clock.advance(1);
    expect(ids(messages)).toEqual(['a', 'b', 'c']);
  });

  it('begins again with a snapshot where its position is worthless, and says so', async () => {
    const messages = collect(client.watch());
    await clock.advance(1);
    node.change(12, 10);
    await clock.advance(1);
    node.say({ event: 'reset', reason: 'POSITION_COMPACTED', available: null });
    await clock.advance(1);
    expect(node.lastFrom).toBe('snapshot');
    node.say({ event: 'snapshot', record: { id: 'r' }, position: 'm1.aa.1.40' });
    node.say({ event: 'snapshot-end', position: 'm1.aa.1.40' });
    node.change(41, 40);
    await clock.advance(1);
    expect(ids(messages)).toEqual(['r12', 'restart', 'snapshot', 'snapshot-end', 'r41']);
  });

  it('repeats a snapshot that was interrupted', async () => {
    const messages = collect(client.watch({}, { from: 'snapshot' }));
    await clock.advance(1);
    node.say({ event: 'snapshot', record: { id: 'r' }, position: 'm1.aa.1.40' });
    await clock.advance(1);
    node.say({ event: 'reset', reason: 'NODE_STOPPING', available: null });
    await clock.advance(1);
    expect(node.lastFrom).toBe('snapshot');
    expect(ids(messages)).toEqual(['snapshot', 'restart']);
  });

  it('keeps trying while no node answers', async () => {
    node.silent = true;
    const messages = collect(client.watch());
    await clock.advance(20_000);
    node.silent = false;
    await clock.advance(8_000);
    expect(node.opened).toHaveLength(1);
    node.change(12, 10);
    await clock.advance(1);
    expect(ids(messages)).toEqual(['r12']);
  });

  it('ends with what a node refuses for good', async () => {
    node.refuse = new MetadError('INVALID_ARGUMENT', 'filter.kind must be text');
    const watch = client.watch();
    const first = watch[Symbol.asyncIterator]().next();
    await expect(first).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('answers a mark once its consumer has come that far', async () => {
    const taking = client.watch()[Symbol.asyncIterator]();
    const first = taking.next();
    await clock.advance(1);
    node.change(11, 10);
    node.change(12, 11, {}, 'answers.2');
    await first;
    await taking.next();
    await clock.advance(1);
    expect(node.answered).toEqual([]);
    void taking.next();
    await clock.advance(1);
    expect(node.answered).toEqual(['answers.2']);
  });

  it('answers progress that nobody asked to see', async () => {
    const messages = collect(client.watch());
    await clock.advance(1);
    node.say({ event: 'progress', position: 'm1.aa.1.20', messages: 0 }, 'answers.1');
    await clock.advance(1);
    expect(node.answered).toEqual(['answers.1']);
    expect(messages).toEqual([]);
  });

  it('tells the node when it is left', async () => {
    const watch = client.watch();
    for await (const message of takeOne(watch)) expect(message.event).toBe('change');
    await clock.advance(1);
    expect(node.closed).toEqual([node.opened[0]?.['watchId']]);
  });

  async function* takeOne(watch: Watch) {
    const iterator = watch[Symbol.asyncIterator]();
    const first = iterator.next();
    await clock.advance(1);
    node.change(12, 10);
    const { value } = await first;
    if (value) yield value;
    await iterator.return();
  }
});

describe('a cache', () => {
  const tenant = (id: string, cell: string, version = 1) => ({
    ...{ namespace: 'prod', id, tenantId: id, cell, version, labels: {} },
    ...{ createdAt: '', updatedAt: '' },
  });

  async function filled() {
    const cache = client.cache('tenant', { indexes: { cell: (record) => record.cell } });
    await clock.advance(1);
    for (const [id, cell] of [
      ['a', 'eu'],
      ['b', 'eu'],
      ['c', 'us'],
    ] as const) {
      node.say({ event: 'snapshot', record: tenant(id, cell), position: 'm1.aa.1.10' });
    }
    node.say({ event: 'snapshot-end', position: 'm1.aa.1.10' });
    await clock.advance(1);
    await cache.ready();
    return cache;
  }
  const found = (cache: Awaited<ReturnType<typeof filled>>, cell: string) =>
    cache.by('cell', cell).map((record) => record.id);

  it('finds records by id and by index', async () => {
    const cache = await filled();
    expect(cache.get('a')).toMatchObject({ cell: 'eu' });
    expect(cache.get('z')).toBeNull();
    expect(found(cache, 'eu')).toEqual(['a', 'b']);
    expect(() => cache.by('tier', 'gold')).toThrow('no index tier');
  });

  it('follows changes and removals', async () => {
    const cache = await filled();
    node.change(11, 10, { record: tenant('a', 'us', 2), before: tenant('a', 'eu') });
    node.change(12, 11, { record: null, before: tenant('c', 'us') });
    await clock.advance(1);
    expect(found(cache, 'us')).toEqual(['a']);
    expect(found(cache, 'eu')).toEqual(['b']);
    expect(cache.size).toBe(2);
  });

  it('drops a record that leaves its filter', async () => {
    const cache = client.cache('tenant', { filter: { cell: 'eu' } });
    await clock.advance(1);
    node.say({ event: 'snapshot', record: tenant('a', 'eu'), position: 'm1.aa.1.10' });
    node.say({ event: 'snapshot-end', position: 'm1.aa.1.10' });
    node.change(11, 10, { record: tenant('a', 'us', 2), before: tenant('a', 'eu') });
    await clock.advance(1);
    expect(cache.size).toBe(0);
  });

  it('answers while the cluster is away, and says how stale it is', async () => {
    const cache = await filled();
    connection.cut();
    await clock.advance(30_000);
    expect(cache.get('a')).toMatchObject({ cell: 'eu' });
    expect(cache.standing()).toMatchObject({ ready: true, live: false });
    expect(cache.standing().staleMs).toBeGreaterThanOrEqual(30_000);
  });

  it('answers from the old copy until the new one is complete', async () => {
    const cache = await filled();
    node.say({ event: 'reset', reason: 'POSITION_COMPACTED', available: null });
    await clock.advance(1);
    node.say({ event: 'snapshot', record: tenant('d', 'eu'), position: 'm1.aa.1.90' });
    await clock.advance(1);
    expect(found(cache, 'eu')).toEqual(['a', 'b']);
    node.say({ event: 'snapshot-end', position: 'm1.aa.1.90' });
    await clock.advance(1);
    expect(found(cache, 'eu')).toEqual(['d']);
  });
});
