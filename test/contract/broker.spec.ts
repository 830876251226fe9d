import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect as connectNew, headers as newHeaders } from '@nats-io/transport-node';
import { connect as connectOld, headers as oldHeaders } from 'nats';
import { startBroker } from '../../src/cli/embedded/index.js';
import { testPort } from '../fixtures/ports.js';
import { findNatsServer, startNatsServer } from '../fixtures/broker/nats-server.js';
import { RawNatsClient } from '../fixtures/broker/raw-nats-client.js';

// What the service and its tests rely on in a broker, held against the embedded one and, where it
// is installed, against nats-server: by hand over a socket, and through both generations of the
// client.

interface Server {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const PAYLOAD_BYTES_MAX = 1024 * 1024;
const binary = findNatsServer();
const SERVERS: [string, () => Promise<Server>][] = [['the embedded broker', () => startBroker()]];
if (binary !== null)
  SERVERS.push(['nats-server', async () => startNatsServer(binary, await testPort())]);

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe.each(SERVERS)('%s, by hand,', (_name, start) => {
  let server: Server;
  const open: RawNatsClient[] = [];
  const client = async (options?: object | null): Promise<RawNatsClient> => {
    const opened = await RawNatsClient.open(server.port, options);
    open.push(opened);
    return opened;
  };

  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    for (const each of open) each.close();
    await server.close();
  });

  it('introduces itself with what a client must know', async () => {
    const raw = await client(null);
    expect(JSON.parse(raw.info)).toMatchObject({
      server_id: expect.any(String),
      version: expect.stringMatching(/^2\./),
      proto: 1,
      headers: true,
      max_payload: PAYLOAD_BYTES_MAX,
      client_id: expect.any(Number),
    });
    raw.send('CONNECT {"verbose":true}\r\nPING\r\n');
    await raw.expect(/^\+OK\r\nPONG\r\n/);
  });

  it('delivers a message with its reply subject, to the byte', async () => {
    const raw = await client();
    raw.send('SUB a.b 7\r\nPUB a.b r.1 5\r\nhello\r\nPUB a.b 0\r\n\r\n');
    expect(await raw.settled()).toBe('MSG a.b 7 r.1 5\r\nhello\r\nMSG a.b 7 0\r\n\r\n');
  });

  it('delivers headers', async () => {
    const raw = await client();
    const block = 'NATS/1.0\r\nA: b\r\n\r\n';
    raw.send(`SUB h 1\r\nHPUB h r ${block.length} ${block.length + 2}\r\n${block}xy\r\n`);
    expect(await raw.settled()).toBe(
      `HMSG h 1 r ${block.length} ${block.length + 2}\r\n${block}xy\r\n`,
    );
  });

  it('understands operations cut anywhere, and several in one piece', async () => {
    const raw = await client();
    const stream = 'sub cut.* 3\r\npub cut.x 11\r\nhello world\r\nPUB\tcut.y  2\r\nok\r\n';
    for (const byte of stream) {
      raw.send(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await raw.settled()).toBe('MSG cut.x 3 11\r\nhello world\r\nMSG cut.y 3 2\r\nok\r\n');
  });

  it('matches * to one token and > to all that follow', async () => {
    const raw = await client();
    raw.send('SUB w.*.c 1\r\nSUB w.> 2\r\nSUB w.b.c 3\r\nSUB *.b 4\r\n');
    const got = async (subject: string): Promise<string[]> => {
      raw.send(`PUB ${subject} 0\r\n\r\n`);
      const lines = (await raw.settled()).split('\r\n').filter((line) => line !== '');
      return lines.map((line) => line.split(' ')[2] ?? '').sort();
    };
    expect(await got('w.b.c')).toEqual(['1', '2', '3']);
    expect(await got('w.x.c')).toEqual(['1', '2']);
    expect(await got('w.b')).toEqual(['2', '4']);
    expect(await got('w')).toEqual([]);
    expect(await got('w.b.c.d')).toEqual(['2']);
  });

  it('gives each queue group one copy, and plain subscribers one each', async () => {
    const [one, two, publisher] = await Promise.all([client(), client(), client()]);
    one.send('SUB q left 1\r\nSUB q right 2\r\nSUB q 3\r\n');
    two.send('SUB q left 1\r\nSUB q right 2\r\n');
    await Promise.all([one.settled(), two.settled()]);
    publisher.send('PUB q 0\r\n\r\n'.repeat(200));
    await publisher.settled();
    const count = (received: string, sid: number): number =>
      received.split(`MSG q ${sid} 0`).length - 1;
    const [first, second] = [await one.settled(), await two.settled()];
    expect(count(first, 1) + count(second, 1)).toBe(200);
    expect(count(first, 2) + count(second, 2)).toBe(200);
    expect(count(first, 3)).toBe(200);
    expect(Math.min(count(first, 1), count(second, 1))).toBeGreaterThan(20);
  });

  it('ends a subscription at once, or after as many messages as UNSUB says', async () => {
    const raw = await client();
    raw.send(`SUB u 1\r\nUNSUB 1 2\r\n${'PUB u 0\r\n\r\n'.repeat(3)}`);
    expect(await raw.settled()).toBe('MSG u 1 0\r\n\r\n'.repeat(2));
    raw.send('SUB v 2\r\nPUB v 0\r\n\r\nPUB v 0\r\n\r\nUNSUB 2 1\r\nPUB v 0\r\n\r\n');
    expect(await raw.settled()).toBe('MSG v 2 0\r\n\r\n'.repeat(2));
    raw.send('SUB x 4\r\nUNSUB 4\r\nPUB x 0\r\n\r\n');
    expect(await raw.settled()).toBe('');
  });

  it('keeps a publisher without echo from hearing itself', async () => {
    const raw = await client({ echo: false });
    const other = await client();
    raw.send('SUB e 1\r\nSUB e q 2\r\n');
    other.send('SUB e 1\r\nSUB e q 2\r\n');
    await Promise.all([raw.settled(), other.settled()]);
    raw.send('PUB e 1\r\nx\r\n');
    expect(await raw.settled()).toBe('');
    expect((await other.settled()).split('MSG').length - 1).toBe(2);
  });

  it('tells a requester at once that nobody listens', async () => {
    const raw = await client({ no_responders: true });
    raw.send('SUB _INBOX.me.* 9\r\nPUB nobody _INBOX.me.1 2\r\nhi\r\n');
    expect(await raw.settled()).toBe('HMSG _INBOX.me.1 9 16 16\r\nNATS/1.0 503\r\n\r\n\r\n');
    raw.send('PUB nobody 2\r\nhi\r\n');
    expect(await raw.settled()).toBe('');
  });

  it('forgets the subscriptions of a client that has gone', async () => {
    const gone = await client();
    gone.send('SUB gone.x 1\r\n');
    await gone.settled();
    gone.close();
    const raw = await client({ no_responders: true });
    raw.send('SUB _INBOX.z 9\r\n');
    for (let attempt = 0, answer = ''; !answer.includes('503'); attempt += 1) {
      expect(attempt).toBeLessThan(200);
      raw.send('PUB gone.x _INBOX.z 0\r\n\r\n');
      answer = await raw.settled();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  it('carries its largest payload and refuses one byte more', async () => {
    const raw = await client();
    const payload = Buffer.alloc(PAYLOAD_BYTES_MAX, 'm');
    raw.send(`SUB big 1\r\nPUB big ${payload.length}\r\n`);
    raw.send(payload);
    raw.send('\r\n');
    const received = await raw.settled();
    expect(received.length).toBe(`MSG big 1 ${payload.length}\r\n`.length + payload.length + 2);
    raw.send(`PUB big ${payload.length + 1}\r\n`);
    await raw.expect(/-ERR 'Maximum Payload Violation'\r\n/);
    await raw.expectClosed();
  });

  it.each([
    ['an unknown operation', 'FLY a.b 3\r\n'],
    ['a size that is no number', 'PUB a.b x\r\nabc\r\n'],
    ['too many arguments', 'PUB a b c d 3\r\nabc\r\n'],
    ['a payload longer than announced', 'PUB a.b 2\r\nabcdef\r\n'],
    ['a SUB without an id', 'SUB a.b\r\n'],
    ['an endless line', `PUB ${'a'.repeat(8_000)} 0\r\n\r\n`],
    ['CONNECT with something else than JSON', 'CONNECT {nonsense\r\n'],
  ])('ends the connection of a client that sends %s, and of no other', async (_what, bytes) => {
    const bystander = await client();
    const raw = await client();
    raw.send(bytes);
    await raw.expectClosed();
    expect(await bystander.settled()).toBe('');
  });

  it('refuses to subscribe to what is no subject, and goes on', async () => {
    const raw = await client();
    for (const subject of ['a..b', '.a', 'a.', 'a.>.b']) {
      raw.send(`SUB ${subject} 1\r\n`);
      expect(await raw.settled()).toMatch(/^-ERR 'Invalid Subject'/);
    }
  });
});

const CLIENTS = [
  ['@nats-io/transport-node', connectNew, newHeaders],
  ['nats', connectOld, oldHeaders],
] as const;
const PAIRS = SERVERS.flatMap(([server, start]) =>
  CLIENTS.map(([name, connect, headers]) => ({ server, start, name, connect, headers })),
);

describe.each(PAIRS)('$server, through $name,', ({ start, connect, headers }) => {
  let server: Server;
  const options = (): { servers: string; reconnectTimeWait: number } => ({
    servers: server.url,
    reconnectTimeWait: 20,
  });

  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.close();
  });

  it('answers requests, headers included', async () => {
    const [service, caller] = await Promise.all([connect(options()), connect(options())]);
    service.subscribe('echo.*', {
      queue: 'q',
      callback: (_error, message) => {
        const answer = headers();
        answer.set('Kept', message.headers?.get('Asked') ?? '');
        message.respond(message.data, { headers: answer as never });
      },
    });
    await service.flush();
    const asked = headers();
    asked.set('Asked', 'yes');
    const reply = await caller.request('echo.1', 'body', {
      timeout: 2_000,
      headers: asked as never,
    });
    expect([text(reply.data), reply.headers?.get('Kept')]).toEqual(['body', 'yes']);
    await Promise.all([service.close(), caller.close()]);
  });

  it('reports missing responders as such, at once', async () => {
    const caller = await connect(options());
    await expect(caller.request('nobody.home', '', { timeout: 5_000 })).rejects.toThrow(
      /503|no responders/i,
    );
    await caller.close();
  });

  it('drains a subscriber without losing a message', async () => {
    const [publisher, subscriber] = await Promise.all([connect(options()), connect(options())]);
    let got = 0;
    subscriber.subscribe('drain.>', { callback: () => void (got += 1) });
    await subscriber.flush();
    for (let at = 0; at < 1_000; at += 1) publisher.publish(`drain.${at}`, 'x');
    await publisher.flush();
    await subscriber.drain();
    expect(got).toBe(1_000);
    await publisher.close();
  });

  it('keeps the order and the bytes of messages of all sizes', async () => {
    const [publisher, subscriber] = await Promise.all([connect(options()), connect(options())]);
    const sizes = Array.from({ length: 120 }, (_, at) => (at * 7_919) % 150_000);
    const got: string[] = [];
    subscriber.subscribe('sized', {
      max: sizes.length,
      callback: (_error, message) => {
        const { data } = message;
        got.push(`${data.length}:${data.every((byte) => byte === data.length % 251)}`);
      },
    });
    await subscriber.flush();
    for (const size of sizes) publisher.publish('sized', Buffer.alloc(size, size % 251));
    await publisher.flush();
    await subscriber.drain();
    expect(got).toEqual(sizes.map((size) => `${size}:true`));
    await publisher.close();
  });
});
