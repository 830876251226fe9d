import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { nodeName, partitionId, seededRandom } from '@metad/foundation';
import type { NodeName } from '@metad/foundation';
import { NatsTransport } from '@metad/raft';
import type { NatsConnectionPort, NatsTransportOptions, Transport } from '@metad/raft';
import type { NatsConnection } from '@nats-io/transport-node';
import { RaftCluster } from '../integration/raft/raft-cluster.js';
import { realTime } from '../integration/raft/test-time.js';
import { mutated } from './transport/forgery.js';
import { MemoryBroker } from './transport/memory-broker.js';
import { connectTo, startBroker, type Broker } from './transport/nats-broker.js';

const mutations = 10_000;
const batch = 250;
const p1 = partitionId(1);
const [n1, n2] = ['n1', 'n2'].map(nodeName) as [NodeName, NodeName];
const MEMBERS = ['n1', 'n2', 'n3'];
/** In the middle of a rotation: the first seals, both are accepted. */
const secrets = ['the present secret', 'the coming secret'];
const clusterName = 'c1';
const { clock } = realTime;

interface Captured {
  readonly subject: string;
  readonly reply: string;
  readonly data: Uint8Array;
}

/** A broker with somebody on it who hears and says what he likes. */
interface Wire {
  readonly subjects: ReturnType<typeof subjectsUnder>;
  start(): Promise<void>;
  connect(): Promise<NatsConnectionPort>;
  /** Requests between nodes, as they were sent. */
  readonly captured: Captured[];
  publish(subject: string, data: Uint8Array, reply?: string): void;
  /** Until what was published has been delivered. */
  settle(): Promise<void>;
  disconnect(): Promise<void>;
  stop(): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function memoryWire(): Wire {
  const broker = new MemoryBroker();
  const subjects = subjectsUnder('metad.v1');
  const captured: Captured[] = [];
  broker.onMessage = ({ subject, reply, data }) => {
    if (subject.startsWith('metad.v1.raft.') && reply !== undefined) {
      captured.push({ subject, reply, data });
    }
    return true;
  };
  return {
    subjects,
    captured,
    start: async () => {},
    connect: async () => broker.connect(),
    publish: (subject, data, reply) =>
      broker.deliver({ subject, data, ...(reply !== undefined && { reply }) }),
    settle: () => pause(1),
    disconnect: async () => {},
    stop: async () => {},
  };
}

function natsWire(): Wire {
  const subjects = subjectsUnder(`forged${process.pid}.v1`);
  const captured: Captured[] = [];
  const connections: NatsConnection[] = [];
  let broker: Broker;
  let spy: NatsConnection;
  return {
    subjects,
    captured,
    start: async () => {
      const started = await startBroker();
      expect(started).not.toBeNull();
      broker = started as Broker;
      spy = await connectTo(broker.url);
      spy.subscribe(`${subjects.prefix}.raft.>`, {
        callback: (_error, { subject, reply, data }) => {
          captured.push({ subject, reply: reply ?? '', data: new Uint8Array(data) });
        },
      });
      await spy.flush();
    },
    connect: async () => {
      const connection = await connectTo(broker.url);
      connections.push(connection);
      return connection;
    },
    publish: (subject, data, reply) =>
      spy.publish(subject, data, reply === undefined ? {} : { reply }),
    settle: async () => {
      await spy.flush();
      for (const connection of connections) await connection.flush();
    },
    disconnect: async () => {
      for (const connection of connections.splice(0)) await connection.close();
    },
    stop: async () => {
      await spy.close();
      await broker.stop();
    },
  };
}

describe.each([
  ['in memory', memoryWire()],
  ['over nats-server', natsWire()],
])('forged frames %s', (_name, wire) => {
  const transports = new Map<NodeName, Transport>();
  let cluster: RaftCluster;
  const written: string[] = [];
  /** What was captured before anything was forged. */
  let genuine: readonly Captured[] = [];

  const transportOf = async (
    self: NodeName,
    own: Partial<NatsTransportOptions> = {},
  ): Promise<Transport> => {
    const connection = await wire.connect();
    const random = seededRandom(Math.floor(Math.random() * 2 ** 31));
    const { subjects } = wire;
    const isMember = (node: NodeName): boolean => MEMBERS.includes(node);
    const given = { connection, clock, random, self, cluster: clusterName, subjects };
    return new NatsTransport({ ...given, isMember, secrets, ...own });
  };

  const refusalsOf = (self: NodeName): Record<string, number> => ({
    ...transports.get(self)?.stats().refused,
  });
  const total = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((sum, count) => sum + count, 0);
  /** What was refused by `self` while `act` ran, by reason; waits for `expected` refusals. */
  async function refusedDuring(
    self: NodeName,
    expected: number,
    act: () => void | Promise<void>,
  ): Promise<Record<string, number>> {
    const before = refusalsOf(self);
    await act();
    for (let tries = 0; tries < 500; tries += 1) {
      if (total(refusalsOf(self)) - total(before) >= expected) break;
      await pause(10);
    }
    await pause(20);
    const counts = Object.entries(refusalsOf(self)).map(
      ([reason, count]) => [reason, count - (before[reason] ?? 0)] as const,
    );
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }
  const subjectOf = (node: NodeName): string => wire.subjects.raft(clusterName, node);
  const framesTo = (node: NodeName): readonly Captured[] =>
    genuine.filter(({ subject }) => subject === subjectOf(node));

  async function unharmed(): Promise<void> {
    written.push(`after ${written.length}`);
    await cluster.write(p1, written.at(-1) ?? '');
    await cluster.agreed(p1, written);
    for (const name of cluster.running) {
      expect([cluster.member(name).fatal, cluster.member(name).stopped]).toEqual([[], []]);
    }
  }

  beforeAll(async () => {
    await wire.start();
    const transport = async (self: NodeName): Promise<Transport> => {
      const made = await transportOf(self);
      transports.set(self, made);
      return made;
    };
    const limits = { heartbeatMs: 100, electionMs: 2_000 };
    cluster = new RaftCluster({ transport, time: realTime, limits, partitions: 2 });
    await cluster.startAll();
    for (let count = 0; count < 20; count += 1) {
      written.push(`w${count}`);
      await cluster.write(p1, `w${count}`);
    }
    genuine = [...wire.captured];
    expect(framesTo(n2).length).toBeGreaterThan(0);
  });
  afterEach(unharmed);
  afterAll(async () => {
    await cluster.stopAll();
    await wire.disconnect();
    await wire.stop();
  });

  /** Lets a transport of `self` that is not what it says send one frame to n2. */
  async function sentBy(
    self: NodeName,
    own: Partial<NatsTransportOptions>,
  ): Promise<Record<string, number>> {
    const forger = await transportOf(self, own);
    const refused = await refusedDuring(n2, 1, () => {
      forger.request(n2, Buffer.from('forged'), 100, () => undefined);
    });
    await forger.close();
    return refused;
  }

  it('without a seal, or with the seal of another secret, are refused', async () => {
    // What the nodes say to each other meanwhile may be refused too, as late.
    expect(await sentBy(n1, { secrets: [] })).toMatchObject({ signature: 1 });
    expect(await sentBy(n1, { secrets: ['some other secret'] })).toMatchObject({ signature: 1 });
  });

  it('from another cluster or from nobody of this one are refused, though sealed', async () => {
    const { raft, prefix } = wire.subjects;
    const toOurs = { prefix, raft: (_cluster: string, node: string) => raft(clusterName, node) };
    expect(await sentBy(n1, { cluster: 'c2', subjects: toOurs })).toEqual({ cluster: 1 });
    expect(await sentBy(nodeName('n9'), {})).toEqual({ sender: 1 });
  });

  it('that were heard before are refused, here and on the subject of another node', async () => {
    const heard = framesTo(n2).slice(0, 100);
    const again = await refusedDuring(n2, heard.length, () => {
      for (const { data } of heard) wire.publish(subjectOf(n2), data, '_INBOX.forger.1');
    });
    expect(again).toEqual({ replay: heard.length });
    const elsewhere = await refusedDuring(n1, heard.length, () => {
      for (const { data } of heard) wire.publish(subjectOf(n1), data, '_INBOX.forger.1');
    });
    expect(elsewhere).toEqual({ receiver: heard.length });
  });

  it('that are cut short anywhere, or as large as the broker takes, are refused', async () => {
    const [{ data } = { data: new Uint8Array(0) }] = framesTo(n2);
    const lengths = Array.from({ length: data.length }, (_, length) => length);
    const cut = await refusedDuring(n2, lengths.length, () => {
      for (const length of lengths) {
        wire.publish(subjectOf(n2), data.subarray(0, length), '_INBOX.forger.1');
      }
    });
    expect(total(cut)).toBe(lengths.length);
    expect(Object.keys(cut).sort()).not.toContain('replay');
    const huge = Buffer.alloc(1024 * 1024, data);
    const refused = await refusedDuring(n2, 1, () =>
      wire.publish(subjectOf(n2), huge, '_INBOX.forger.1'),
    );
    expect(total(refused)).toBe(1);
  });

  it('cannot make a node speak where they like: replies go to inboxes alone', async () => {
    const [{ data } = { data: new Uint8Array(0) }] = framesTo(n2);
    const { prefix } = wire.subjects;
    const targets = [
      undefined,
      subjectOf(n1),
      `${prefix}.admin.n1.node.drain`,
      '$SYS.REQ.X',
      'a.b',
    ];
    const refused = await refusedDuring(n2, targets.length, () => {
      for (const target of targets) wire.publish(subjectOf(n2), data, target);
    });
    expect(refused).toEqual({ reply: targets.length });
  });

  it(`changed in ${mutations} random ways are refused, every one, and counted`, async () => {
    const random = seededRandom(20_261_125);
    const frames = framesTo(n2).map(({ data }) => data);
    const refused = await refusedDuring(n2, mutations, async () => {
      for (let sent = 0; sent < mutations; sent += 1) {
        wire.publish(subjectOf(n2), mutated(frames, random), '_INBOX.forger.1');
        if (sent % batch === batch - 1) await wire.settle();
      }
    });
    expect(total(refused)).toBe(mutations);
    expect(Object.keys(refused).length).toBeGreaterThan(4);
  });
});

describe('forged answers', () => {
  it('are refused, every one of 2,000, and the true one is taken after them', async () => {
    const broker = new MemoryBroker();
    const subjects = subjectsUnder('metad.v1');
    const make = (self: NodeName, seed: number): NatsTransport =>
      new NatsTransport({
        ...{ connection: broker.connect(), clock, random: seededRandom(seed), self, subjects },
        ...{ cluster: clusterName, secrets },
      });
    // The receiver first: counters start from the clock, and one made a millisecond later would
    // refuse the sender's first counter instead of answering.
    const b = make(n2, 2);
    const a = make(n1, 1);
    await a.listen(() => {});
    await b.listen((_from, frame, respond) => respond(frame));
    let held: Captured | null = null;
    broker.onMessage = ({ subject, data }) => {
      if (!subject.startsWith('_INBOX.')) return true;
      held = { subject, data, reply: '' };
      return false;
    };
    const answers: string[] = [];
    a.request(n2, Buffer.from('question'), 60_000, (failure, reply) =>
      answers.push(failure ?? Buffer.from(reply ?? []).toString()),
    );
    while (held === null) await pause(5);
    const { subject, data } = held as Captured;
    const random = seededRandom(7);
    let sent = 0;
    while (sent < 2_000) {
      const forged = mutated([data], random);
      if (Buffer.compare(forged, data) === 0) continue;
      broker.deliver({ subject, data: forged });
      sent += 1;
    }
    expect(answers).toEqual([]);
    const refused = Object.values(a.stats().refused).reduce((sum, count) => sum + count, 0);
    expect(refused).toBe(2_000);
    broker.deliver({ subject, data });
    expect(answers).toEqual(['question']);
    await a.close();
    await b.close();
  });
});
