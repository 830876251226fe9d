import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { startBroker } from './broker.js';
import type { EmbeddedBroker } from './broker.js';
import type { Delivery } from './link-faults.js';

let broker: EmbeddedBroker;
const open: NatsConnection[] = [];

async function client(name: string): Promise<NatsConnection> {
  const connection = await connect({
    servers: broker.url,
    name,
    reconnectTimeWait: 10,
    maxReconnectAttempts: -1,
  });
  open.push(connection);
  return connection;
}

async function heard(connection: NatsConnection, subject: string): Promise<string[]> {
  const got: string[] = [];
  connection.subscribe(subject, { callback: (_error, message) => void got.push(message.string()) });
  await connection.flush();
  return got;
}

async function turnsUntil(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    if (turn > 2_000) throw new Error('it never came to hold');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await broker.close();
});

describe('a link of the embedded broker', () => {
  it('drops what a rule says, and nothing else', async () => {
    broker = await startBroker();
    const [sender, receiver] = [await client('n1'), await client('n2')];
    const got = await heard(receiver, 'x.*');
    const seen: Delivery[] = [];
    broker.faults.rule = (delivery) => {
      seen.push(delivery);
      return delivery.subject === 'x.lost' ? 'drop' : 'deliver';
    };
    sender.publish('x.kept', 'a', { reply: 'r' });
    sender.publish('x.lost', 'b');
    sender.publish('x.kept', 'c');
    await sender.flush();
    await receiver.flush();
    expect(got).toEqual(['a', 'c']);
    expect(seen[0]).toEqual({ from: 'n1', to: 'n2', subject: 'x.kept', reply: 'r', bytes: 1 });
    expect(broker.faults.counts.dropped).toBe(1);
  });

  it('holds a stalled route and delivers everything in order when it heals', async () => {
    broker = await startBroker();
    const [sender, receiver] = [await client('n1'), await client('n2')];
    const got = await heard(receiver, 'x');
    broker.faults.rule = (delivery) => (delivery.to === 'n2' ? 'hold' : 'deliver');
    for (const body of ['a', 'b', 'c']) sender.publish('x', body);
    await sender.flush();
    await receiver.flush();
    expect(got).toEqual([]);
    broker.faults.rule = null;
    broker.faults.releaseHeld();
    await receiver.flush();
    expect(got).toEqual(['a', 'b', 'c']);
  });

  it('delays messages and keeps their bytes although buffers are used again', async () => {
    broker = await startBroker();
    const [sender, receiver] = [await client('n1'), await client('n2')];
    const got = await heard(receiver, 'x');
    broker.faults.rule = (delivery) => (delivery.subject === 'x' ? 5 : 'deliver');
    const bodies = Array.from({ length: 50 }, (_, at) => `${at}`.repeat(100));
    for (const body of bodies) sender.publish('x', body);
    await sender.flush();
    await turnsUntil(() => got.length === bodies.length);
    expect(got).toEqual(bodies);
  });

  it('can be cut, and turned away until it is admitted again', async () => {
    broker = await startBroker();
    const [sender, receiver] = [await client('n1'), await client('n2')];
    const got = await heard(receiver, 'x');
    broker.banish('n2');
    await turnsUntil(() => !broker.links().some((link) => link.name === 'n2'));
    sender.publish('x', 'while away');
    await sender.flush();
    broker.admit('n2');
    await turnsUntil(() =>
      broker.links().some((link) => link.name === 'n2' && link.subscriptions > 0),
    );
    sender.publish('x', 'back');
    await sender.flush();
    await receiver.flush();
    expect(got).toEqual(['back']);
  });
});

describe('the embedded broker', () => {
  it('cuts a client that does not read, and goes on serving the others', async () => {
    broker = await startBroker({ pendingBytesMax: 256 * 1024 });
    const slow = connectSocket(broker.port, '127.0.0.1');
    await once(slow, 'data');
    slow.write('CONNECT {"name":"slow","verbose":false}\r\nSUB x 1\r\n');
    slow.pause();
    const [sender, reader] = [await client('sender'), await client('reader')];
    const got = await heard(reader, 'x');
    const isThere = (): boolean => broker.links().some((link) => link.name === 'slow');
    await turnsUntil(isThere);
    let sent = 0;
    while (isThere() && sent < 2_000) {
      for (let at = 0; at < 10; at += 1, sent += 1) sender.publish('x', Buffer.alloc(16_384));
      await sender.flush();
    }
    await reader.flush();
    expect(isThere()).toBe(false);
    expect(got.length).toBe(sent);
    slow.destroy();
  });

  it('cuts a client that leaves its PINGs unanswered', async () => {
    broker = await startBroker({ pingIntervalMs: 5 });
    const silent = connectSocket(broker.port, '127.0.0.1');
    let received = '';
    silent.on('data', (chunk) => (received += chunk.toString()));
    await once(silent, 'close');
    expect(received.match(/PING\r\n/g)).toHaveLength(2);
    expect(received).toMatch(/-ERR 'Stale Connection'/);
  });

  it('says so when its port is taken', async () => {
    broker = await startBroker();
    await expect(startBroker({ port: broker.port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('turns away more clients than its limit', async () => {
    broker = await startBroker({ connectionsMax: 1 });
    await client('first');
    const second = connectSocket(broker.port, '127.0.0.1');
    let received = '';
    second.on('data', (chunk) => (received += chunk.toString()));
    await once(second, 'close');
    expect(received).toMatch(/maximum connections exceeded/);
  });
});
