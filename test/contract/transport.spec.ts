import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { nodeName, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { MemoryHub, NatsTransport } from '@metad/raft';
import type { Transport } from '@metad/raft';
import type { NatsConnection } from '@nats-io/transport-node';
import { realTime } from '../integration/raft/test-time.js';
import { connectTo, startBroker } from './transport/nats-broker.js';
import type { Broker } from './transport/nats-broker.js';

const { clock } = realTime;
const [n1, n2] = ['n1', 'n2'].map(nodeName) as [NodeName, NodeName];
const text = (frame: Uint8Array | null): string => Buffer.from(frame ?? []).toString();

interface Fixture {
  start(): Promise<void>;
  open(self: NodeName): Promise<Transport>;
  stop(): Promise<void>;
}

function memory(): Fixture {
  const hub = new MemoryHub(clock);
  return {
    start: async () => {},
    open: (self) => Promise.resolve(hub.transport(self)),
    stop: async () => {},
  };
}

function nats(secrets: readonly string[]): Fixture {
  let broker: Broker | null = null;
  const connections: NatsConnection[] = [];
  const subjects = subjectsUnder(`contract${process.pid}.v1`);
  return {
    start: async () => {
      broker = await startBroker();
      expect(broker).not.toBeNull();
    },
    open: async (self) => {
      const connection = await connectTo((broker as Broker).url);
      connections.push(connection);
      const random = seededRandom(connections.length);
      const cluster = 'c1';
      return new NatsTransport({ connection, clock, random, self, cluster, subjects, secrets });
    },
    stop: async () => {
      for (const connection of connections) await connection.close();
      await broker?.stop();
    },
  };
}

const fixtures: [string, Fixture][] = [
  ['in memory', memory()],
  ['over NATS', nats([])],
  ['over NATS, sealed', nats(['the present secret', 'the coming secret'])],
];

describe.each(fixtures)('a transport %s', (_name, fixture) => {
  const opened: Transport[] = [];

  const open = async (self: NodeName): Promise<Transport> => {
    const transport = await fixture.open(self);
    opened.push(transport);
    return transport;
  };
  const ask = (
    from: Transport,
    to: NodeName,
    frame: Uint8Array,
    timeoutMs = 5_000,
  ): Promise<string> =>
    new Promise((resolve) => {
      from.request(to, frame, timeoutMs, (failure, reply) => resolve(failure ?? text(reply)));
    });

  beforeAll(() => fixture.start());
  afterEach(async () => {
    for (const transport of opened.splice(0)) await transport.close();
  });
  afterAll(() => fixture.stop());

  it('brings a request to the one it is for, and its answer back', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((from, frame, respond) => respond(Buffer.from(`${from} said ${text(frame)}`)));
    expect(await ask(a, n2, Buffer.from('hello'))).toBe('n1 said hello');
  });

  it('gives each of many requests its own answer', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, frame, respond) => {
      const copy = new Uint8Array(frame);
      if (copy[0] === 0x31) clock.after(5, () => respond(copy));
      else respond(copy);
    });
    const numbers = Array.from({ length: 500 }, (_, at) => String(at));
    const answers = await Promise.all(numbers.map((number) => ask(a, n2, Buffer.from(number))));
    expect(answers).toEqual(numbers);
  });

  it('takes a copy of a frame before request or respond return', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, frame, respond) => {
      const answer = Buffer.from(text(frame));
      respond(answer);
      answer.fill('x');
    });
    const frame = Buffer.from('mine');
    const answer = ask(a, n2, frame);
    frame.fill('x');
    expect(await answer).toBe('mine');
  });

  it('delivers only the first answer', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, _frame, respond) => {
      respond(Buffer.from('first'));
      respond(Buffer.from('second'));
    });
    expect(await ask(a, n2, Buffer.from('?'))).toBe('first');
    expect(await ask(a, n2, Buffer.from('?'))).toBe('first');
  });

  it('says gone at once when nobody listens there', async () => {
    const a = await open(n1);
    await a.listen(() => {});
    expect(await ask(a, n2, Buffer.from('?'), 60_000)).toBe('gone');
  });

  it('says gone after the other end has closed', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, _frame, respond) => respond(Buffer.from('here')));
    expect(await ask(a, n2, Buffer.from('?'))).toBe('here');
    await b.close();
    expect(await ask(a, n2, Buffer.from('?'), 60_000)).toBe('gone');
  });

  it('says timeout when no answer comes', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen(() => {});
    expect(await ask(a, n2, Buffer.from('?'), 50)).toBe('timeout');
  });

  it('says closed for what is open when it closes, and for what comes after', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen(() => {});
    const waiting = ask(a, n2, Buffer.from('?'), 60_000);
    await a.close();
    expect(await waiting).toBe('closed');
    expect(await ask(a, n2, Buffer.from('?'))).toBe('closed');
  });

  it('carries the largest frame it admits and refuses a larger one', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, frame, respond) => respond(Buffer.from(String(frame.length))));
    const max = a.frameBytesMax;
    expect(await ask(a, n2, new Uint8Array(max))).toBe(String(max));
    expect(await ask(a, n2, new Uint8Array(max + 1))).toBe('refused');
  });

  it('counts frames and bytes both ways', async () => {
    const [a, b] = [await open(n1), await open(n2)];
    await a.listen(() => {});
    await b.listen((_from, _frame, respond) => respond(Buffer.from('12345')));
    await ask(a, n2, Buffer.from('123'));
    const [before, there] = [a.stats(), b.stats()];
    await ask(a, n2, Buffer.from('123'));
    const after = a.stats();
    expect(after.framesSent - before.framesSent).toBe(1);
    expect(after.framesReceived - before.framesReceived).toBe(1);
    expect(after.bytesSent - before.bytesSent).toBeGreaterThanOrEqual(3);
    expect(b.stats().bytesSent - there.bytesSent).toBeGreaterThanOrEqual(5);
    expect(after.refused).toEqual({});
  });
});
