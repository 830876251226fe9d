import { beforeEach, describe, expect, it } from '@jest/globals';
import { WatchedLog } from './testing/watched-log.js';
import { WatchedNode, type Consumer } from './testing/watched-node.js';

const on = (node: string) => ({ node });
const keys = (consumer: Consumer) =>
  consumer.received.filter((one) => one.event === 'change').map((one) => one['id']);
const assign = (key: string, node = 'n1') => ({ key, value: on(node) });

let log: WatchedLog;
let node: WatchedNode;

beforeEach(() => {
  log = new WatchedLog(2);
  node = new WatchedNode(log);
});

describe('a watch from now', () => {
  it('sees what happens from here on, chained by the position before', async () => {
    log.append(1, assign('a'));
    const consumer = node.watch('now');
    log.append(1, assign('b'));
    log.append(1);
    log.append(1, assign('b', 'n2'));
    await node.settle();
    expect(consumer.received).toEqual([
      {
        event: 'change',
        type: 'Changed',
        kind: 'resource',
        namespace: 'prod',
        id: 'b',
        data: { node: 'n1' },
        record: expect.objectContaining({ id: 'b', version: 1, node: 'n1' }),
        position: 'm1.aa.1.2',
        previous: 'm1.aa.1.1',
        time: '2023-11-14T22:13:20.002Z',
        commandId: 'command-1-2',
        actor: 'tester',
      },
      expect.objectContaining({
        before: expect.objectContaining({ version: 1, node: 'n1' }),
        record: expect.objectContaining({ version: 2, node: 'n2' }),
        position: 'm1.aa.1.4',
        previous: 'm1.aa.1.2',
      }),
    ]);
  });

  it('sees a removal as a record that is no more', async () => {
    log.append(1, assign('a'));
    const consumer = node.watch('now');
    log.append(1, { key: 'a', value: null });
    await node.settle();
    expect(consumer.received[0]).toMatchObject({ type: 'Removed', record: null });
    expect(consumer.received[0]).toHaveProperty('before.version', 1);
  });

  it('marks all but the last event of an entry as incomplete', async () => {
    const consumer = node.watch('now');
    log.append(1, assign('a'), assign('b'), assign('c'));
    await node.settle();
    expect(consumer.all('change', 'more')).toEqual([true, true, undefined]);
    expect(consumer.all('change', 'previous')).toEqual(['m1.aa.1.0', 'm1.aa.1.1', 'm1.aa.1.1']);
  });
});

describe('a filter', () => {
  it.each([
    [{ kind: 'tenant' }, ['t']],
    [{ kind: 'resource', id: 'a' }, ['a', 'a']],
    [{ node: 'n1' }, ['a', 'a']],
    [{ node: 'n2' }, ['b', 'a']],
    [{ label: 'tier=gold' }, ['t']],
    [{ kind: 'resource', node: 'n9' }, []],
    [{}, ['a', 'b', 't', 'a']],
  ])('%j passes %j', async (filter, passed) => {
    const consumer = node.watch('now', filter);
    log.append(1, assign('a'));
    log.append(1, assign('b', 'n2'));
    log.append(1, { kind: 'tenant', key: 't', value: { labels: { tier: 'gold' } } });
    log.append(1, { namespace: 'test', key: 'x', value: on('n7') });
    log.append(1, assign('a', 'n2')); // It leaves n1: both nodes' watchers see that.
    await node.settle();
    expect(keys(consumer)).toEqual(passed);
  });

  it('spans namespaces when the watch does', async () => {
    const consumer = node.watch('now', {}, '_all');
    log.append(1, { namespace: 'test', key: 'x', value: on('n1') });
    log.append(1, assign('a'));
    await node.settle();
    expect(consumer.all('change', 'namespace')).toEqual(['test', 'prod']);
  });

  it('links only what passed it', async () => {
    const consumer = node.watch('now', { id: 'a' });
    for (const key of ['a', 'b', 'b', 'a']) log.append(1, assign(key));
    await node.settle();
    expect(consumer.all('change', 'position')).toEqual(['m1.aa.1.1', 'm1.aa.1.4']);
    expect(consumer.all('change', 'previous')).toEqual(['m1.aa.1.0', 'm1.aa.1.1']);
  });

  it.each([[7], [{ kind: 7 }], [{ node: {} }]])('%j is refused', (filter) => {
    expect(() => node.watch('now', filter as object)).toThrow(/must be/);
  });
});

describe('a watch from a snapshot', () => {
  it('gets every record, then where it ends, then what comes after', async () => {
    log.append(1, assign('a'));
    log.append(2, assign('b'));
    log.append(2, { kind: 'tenant', key: 't', value: {} });
    const consumer = node.watch('snapshot', { kind: 'resource' });
    log.append(1, assign('c'));
    await node.settle();
    expect(consumer.received.map((one) => one.event)).toEqual([
      'snapshot',
      'snapshot',
      'snapshot-end',
      'change',
    ]);
    expect(consumer.all('snapshot', 'position')).toEqual(['m1.aa.1.1', 'm1.aa.2.2']);
    expect(consumer.all('snapshot-end', 'position')).toEqual(['m1.aa.1.1,m1.aa.2.2']);
    expect(consumer.received.at(-1)).toMatchObject({ id: 'c', previous: 'm1.aa.1.1' });
  });

  it('is consistent while its consumer is slow', async () => {
    node = new WatchedNode(log, { window: { messagesMax: 4, bytesMax: 1e6 } });
    for (let at = 0; at < 10; at += 1) log.append(1, assign(`r${at}`));
    const consumer = node.watch('snapshot', {}, 'prod', false);
    await node.settle();
    expect(consumer.received).toHaveLength(4);
    log.append(1, assign('r9', 'n2'));
    consumer.answers = true;
    consumer.watcher?.answered(consumer.marks.at(-1) as number);
    await node.settle();
    expect(consumer.all('snapshot', 'record')).toHaveLength(10);
    expect(consumer.all('snapshot', 'record').at(-1)).toMatchObject({ node: 'n1' });
    expect(consumer.received.at(-1)).toMatchObject({ event: 'change', id: 'r9' });
  });
});

describe('a watch from a position', () => {
  it('catches up, then is live, without a hole or a repetition', async () => {
    for (let at = 0; at < 300; at += 1) log.append(1 + (at % 2), assign(`r${at}`));
    const consumer = node.watch('m1.aa.1.100,m1.aa.2.100');
    for (let at = 300; at < 320; at += 1) log.append(1 + (at % 2), assign(`r${at}`));
    await node.settle();
    const reads = log.reads;
    for (let at = 320; at < 340; at += 1) log.append(1 + (at % 2), assign(`r${at}`));
    await node.settle();
    for (const [partition, first] of [
      [1, 200],
      [2, 201],
    ] as const) {
      const seen = keys(consumer).filter(
        (key) => Number(String(key).slice(1)) % 2 === partition - 1,
      );
      expect(seen).toEqual(Array.from({ length: 70 }, (_, at) => `r${first + at * 2}`));
    }
    expect(log.reads - reads).toBeLessThan(6); // The hub read for it, not a catch-up of its own.
  });

  it('of a single write begins now in the other partitions', async () => {
    log.append(1, assign('a'));
    log.append(1, assign('b'));
    log.append(2, assign('c'));
    const consumer = node.watch('m1.aa.1.1');
    log.append(2, assign('d'));
    await node.settle();
    expect(keys(consumer).sort()).toEqual(['b', 'd']);
  });

  it('waits for a node that has not come that far', async () => {
    log.append(1, assign('a'));
    const consumer = node.watch('m1.aa.1.3,m1.aa.2.0');
    for (const key of ['b', 'c', 'd']) log.append(1, assign(key));
    await node.settle();
    expect(keys(consumer)).toEqual(['d']);
  });

  it('is told when what follows it is gone', async () => {
    for (const key of ['a', 'b', 'c']) log.append(1, assign(key));
    log.compact(1, 2);
    const consumer = node.watch('m1.aa.1.1,m1.aa.2.0');
    await node.settle();
    expect(consumer.received).toEqual([
      { event: 'reset', reason: 'POSITION_COMPACTED', available: null },
    ]);
    expect(consumer.closed).toBe(true);
  });

  it('of another history is refused', () => {
    expect(() => node.watch('m1.bb.1.1')).toThrow(
      expect.objectContaining({ code: 'INCARNATION_CHANGED' }),
    );
  });
});

describe('flow control', () => {
  const narrow = { window: { messagesMax: 4, bytesMax: 1e6 } };

  it('keeps nothing for a consumer without room, and reads it again when there is', async () => {
    node = new WatchedNode(log, narrow);
    const consumer = node.watch('now');
    consumer.answers = false;
    for (let at = 0; at < 50; at += 1) log.append(1, assign(`r${at}`));
    await node.settle();
    expect(keys(consumer)).toEqual(['r0', 'r1', 'r2', 'r3']);
    consumer.answers = true;
    consumer.watcher?.answered(consumer.marks.at(-1) as number);
    await node.settle();
    expect(keys(consumer)).toEqual(Array.from({ length: 50 }, (_, at) => `r${at}`));
    const positions = consumer.all('change', 'position');
    const previous = consumer.all('change', 'previous');
    expect(previous.slice(1)).toEqual(positions.slice(0, -1));
  });

  it('does not let one slow consumer hold up another with the same filter', async () => {
    node = new WatchedNode(log, narrow);
    const slow = node.watch('now');
    slow.answers = false;
    const quick = node.watch('now');
    for (let at = 0; at < 20; at += 1) {
      log.append(1, assign(`r${at}`));
      await node.settle();
    }
    expect(keys(quick)).toHaveLength(20);
    expect(keys(slow)).toHaveLength(4);
  });

  it('resets the silent, telling where they may go on', async () => {
    node = new WatchedNode(log, narrow);
    const consumer = node.watch('now');
    consumer.answers = false;
    for (let at = 0; at < 10; at += 1) log.append(1, assign(`r${at}`));
    await node.settle();
    node.now += 15_000;
    node.sessions.sweep();
    expect(consumer.received.at(-1)).toEqual({
      event: 'reset',
      reason: 'SLOW_CONSUMER',
      available: 'm1.aa.1.4,m1.aa.2.0',
    });
    expect(consumer.closed).toBe(true);
    expect(node.sessions.size).toBe(0);
  });
});

describe('a watch', () => {
  it('hears how far it has come in all partitions, also while events of one flow', async () => {
    const consumer = node.watch('now', { node: 'n1' });
    for (let second = 1; second <= 8; second += 1) {
      log.append(1, assign(`r${second}`));
      await node.settle();
      node.now += 500;
      node.sessions.sweep();
    }
    const progress = consumer.received.filter(({ event }) => event === 'progress');
    expect(progress).toEqual([
      {
        event: 'progress',
        position: expect.stringMatching(/^m1\.aa\.1\.\d,m1\.aa\.2\.0$/),
        messages: 7,
      },
    ]);
  });
});

describe('a quiet watch', () => {
  it('hears how far it has come', async () => {
    const consumer = node.watch('now', { id: 'nobody' });
    log.append(1, assign('a'));
    await node.settle();
    node.now += 4_000;
    node.sessions.sweep();
    expect(consumer.received).toEqual([
      { event: 'progress', position: 'm1.aa.1.1,m1.aa.2.0', messages: 0 },
    ]);
  });

  it('ends when it does not answer', async () => {
    const consumer = node.watch('now');
    consumer.answers = false;
    for (let beat = 0; beat < 6; beat += 1) {
      node.now += 4_000;
      node.sessions.sweep();
    }
    expect(consumer.closed).toBe(true);
  });
});

describe('what happens to the node', () => {
  it('a new partition is watched from its first entry', async () => {
    const consumer = node.watch('now');
    log.addPartition(3);
    log.append(3, assign('a'));
    await node.settle();
    expect(keys(consumer)).toEqual(['a']);
    expect(consumer.all('change', 'previous')).toEqual(['m1.aa.3.0']);
  });

  it('another history resets every watch', async () => {
    log.append(1, assign('a'));
    const consumer = node.watch('now');
    log.replaceHistory('bb');
    expect(consumer.received).toEqual([
      { event: 'reset', reason: 'INCARNATION_CHANGED', available: null },
    ]);
    const next = node.watch('now');
    log.append(1, assign('b'));
    await node.settle();
    expect(next.all('change', 'position')).toEqual(['m1.bb.1.1']);
  });

  it('a stop sends every watch elsewhere, from where it stands', async () => {
    const consumer = node.watch('now');
    log.append(2, assign('a'));
    await node.settle();
    node.sessions.stop();
    expect(consumer.received.at(-1)).toEqual({
      event: 'reset',
      reason: 'NODE_STOPPING',
      available: 'm1.aa.1.0,m1.aa.2.1',
    });
  });

  it('has a limit of watches', () => {
    node = new WatchedNode(log, { watchersMax: 1 });
    node.watch('now');
    expect(() => node.watch('now')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
  });

  it('publishes every event as a plain message while it leads', async () => {
    node.leads = true;
    log.append(1, { kind: 'instance', key: 'web/i.1', value: { port: 1 } });
    await node.settle();
    node.leads = false;
    log.append(1, assign('a'));
    await node.settle();
    expect(node.published).toEqual([
      {
        subject: 'metad.v1.evt.prod.instance.web%2Fi%2E1',
        position: 'm1.aa.1.1',
        body: expect.objectContaining({ type: 'Changed', id: 'web/i.1', position: 'm1.aa.1.1' }),
      },
    ]);
  });
});

describe('the event feed', () => {
  it('publishes in the turn that applies an entry, whatever became of the event before', () => {
    node.leads = true;
    node.isCutOff = true;
    log.append(1, assign('a'));
    node.isCutOff = false;
    log.append(1, assign('b'), { key: 'a', value: null });
    expect(node.unexpected).toHaveLength(1);
    expect(node.published.map(({ body }) => [body['id'], body['record'] === null])).toEqual([
      ['b', false],
      ['a', true],
    ]);
  });
});

describe('many watchers', () => {
  it('of one filter share every encoded message', async () => {
    const consumers = Array.from({ length: 1_000 }, () => node.watch('now'));
    for (let at = 0; at < 5; at += 1) log.append(1, assign(`r${at}`));
    await node.settle();
    expect(new Set(consumers.map((one) => keys(one).join()))).toEqual(new Set(['r0,r1,r2,r3,r4']));
    expect(log.reads).toBeLessThanOrEqual(2);
  });

  it('of single records get their own only', async () => {
    const consumers = Array.from({ length: 200 }, (_, at) => node.watch('now', { id: `r${at}` }));
    for (let at = 0; at < 200; at += 1) log.append(1, assign(`r${at}`));
    await node.settle();
    expect(consumers.map((one) => keys(one).join())).toEqual(
      Array.from({ length: 200 }, (_, at) => `r${at}`),
    );
  });
});
