import { describe, expect, it } from '@jest/globals';
import { nodeName, seededRandom } from '@metad/foundation';
import type { Clock, NodeName } from '@metad/foundation';
import type { NatsConnectionPort, NatsMessage } from './nats-connection-port.js';
import { NatsTransport } from './nats-transport.js';
import type { NatsTransportOptions } from './nats-transport.js';

type Callback = (error: Error | null, message: NatsMessage) => void;

/** A broker that delivers at once, remembers everything, and lets a test publish anything. */
class Broker {
  readonly published: NatsMessage[] = [];
  private readonly subscriptions: { subject: string; callback: Callback }[] = [];

  connection(): NatsConnectionPort {
    return {
      publish: (subject, data, options) => this.publish({ subject, data, ...options }),
      subscribe: (subject, { callback }) => {
        const subscription = { subject, callback };
        this.subscriptions.push(subscription);
        return {
          unsubscribe: () => {
            this.subscriptions.splice(this.subscriptions.indexOf(subscription), 1);
          },
        };
      },
      flush: () => Promise.resolve(),
      isClosed: () => false,
    };
  }

  publish(message: NatsMessage): void {
    this.published.push(message);
    for (const { subject, callback } of [...this.subscriptions]) {
      const matches = subject.endsWith('*')
        ? message.subject.startsWith(subject.slice(0, -1))
        : message.subject === subject;
      if (matches) callback(null, message);
    }
  }
}

const [n1, n2] = ['n1', 'n2'].map(nodeName) as [NodeName, NodeName];
const subjects = { prefix: 'metad.v1', raft: (c: string, n: string) => `metad.v1.raft.${c}.${n}` };
const stillClock = (now = 1_000): Clock => ({
  now: () => now,
  monotonic: () => 0,
  after: (_delay, callback) => {
    void Promise.resolve().then(callback);
    return () => {};
  },
});
const never: Clock['after'] = () => () => {};

/** Two ends of one link; `b` answers with what it heard. */
async function pair(
  ofA: Partial<NatsTransportOptions> = {},
  ofB: Partial<NatsTransportOptions> = {},
) {
  const broker = new Broker();
  const make = (self: NodeName, own: Partial<NatsTransportOptions>): NatsTransport =>
    new NatsTransport({
      connection: broker.connection(),
      clock: { ...stillClock(), after: never },
      random: seededRandom(self === n1 ? 1 : 2),
      self,
      cluster: 'c1',
      subjects,
      ...own,
    });
  const [a, b] = [make(n1, ofA), make(n2, ofB)];
  const heard: string[] = [];
  await a.listen(() => {});
  await b.listen((from, frame, respond) => {
    heard.push(`${from}: ${Buffer.from(frame).toString()}`);
    respond(frame);
  });
  const ask = (text: string): string[] => {
    const results: string[] = [];
    a.request(n2, Buffer.from(text), 1_000, (failure, reply) =>
      results.push(failure ?? Buffer.from(reply ?? []).toString()),
    );
    return results;
  };
  return { broker, a, b, ask, heard };
}

const secret = 'sixteen characters';
const other = 'another secret here';

describe('node traffic over NATS', () => {
  it('refuses a frame of another cluster, history, sender or receiver, by name', async () => {
    const cases: [Partial<NatsTransportOptions>, Partial<NatsTransportOptions>, string][] = [
      [
        { cluster: 'c2', subjects: { ...subjects, raft: (_c, n) => subjects.raft('c1', n) } },
        {},
        'cluster',
      ],
      [{ incarnation: () => 'old' }, { incarnation: () => 'new' }, 'incarnation'],
      [{}, { isMember: () => false }, 'sender'],
      [{ subjects: { ...subjects, raft: () => subjects.raft('c1', 'n2') } }, {}, 'none'],
    ];
    for (const [ofA, ofB, reason] of cases) {
      const { b, ask, heard } = await pair(ofA, ofB);
      ask('x');
      expect(heard).toEqual(reason === 'none' ? ['n1: x'] : []);
      expect(b.stats().refused).toEqual(reason === 'none' ? {} : { [reason]: 1 });
    }
  });

  it('takes a history that one side does not know yet for any', async () => {
    const { ask } = await pair({ incarnation: () => '' }, { incarnation: () => 'h1' });
    expect(ask('x')).toEqual(['x']);
  });

  it('refuses what was meant for somebody else', async () => {
    const { broker, b, heard, ask } = await pair();
    ask('x');
    const [request] = broker.published;
    const data = Buffer.from(request?.data ?? []);
    data.write('n3', data.lastIndexOf('n2'));
    broker.publish({ subject: subjects.raft('c1', 'n2'), data, reply: '_INBOX.x.1' });
    expect(heard).toEqual(['n1: x']);
    expect(b.stats().refused).toEqual({ receiver: 1 });
  });

  it('refuses frames without an inbox to answer to, and inboxes under its own prefix', async () => {
    const { broker, b, heard, ask } = await pair();
    ask('x');
    const { data } = broker.published[0] as NatsMessage;
    const subject = subjects.raft('c1', 'n2');
    for (const reply of [undefined, 'metad.v1.raft.c1.n3', '$JS.API', 'foo']) {
      broker.publish({ subject, data, ...(reply === undefined ? {} : { reply }) });
    }
    expect(heard).toEqual(['n1: x']);
    expect(b.stats().refused).toEqual({ reply: 4 });
  });

  it('will not start with an inbox prefix under the prefix of the service', async () => {
    await expect(pair({ inboxPrefix: 'metad.v1.inbox' })).rejects.toThrow('inbox prefix');
  });

  it('refuses garbage and versions it does not know', async () => {
    const { broker, b, ask, heard } = await pair();
    ask('x');
    const subject = subjects.raft('c1', 'n2');
    const newer = Buffer.from((broker.published[0] as NatsMessage).data);
    newer[2] = 9;
    broker.publish({ subject, data: newer, reply: '_INBOX.x.1' });
    broker.publish({ subject, data: Buffer.from('hello'), reply: '_INBOX.x.1' });
    broker.publish({ subject, data: newer.subarray(0, 12), reply: '_INBOX.x.1' });
    expect(heard).toEqual(['n1: x']);
    expect(b.stats().refused).toEqual({ version: 1, malformed: 2 });
  });

  it('accepts sealed frames of a known secret, the first or the second', async () => {
    for (const [ofA, ofB] of [
      [[secret], [secret]],
      [[secret], [secret, other]],
      [
        [other, secret],
        [secret, other],
      ],
    ] as const) {
      const { ask } = await pair({ secrets: ofA }, { secrets: ofB });
      expect(ask('x')).toEqual(['x']);
    }
  });

  it('refuses frames without seal, with another secret, or changed on the way', async () => {
    for (const secrets of [[], [other]]) {
      const { b, ask, heard } = await pair({ secrets }, { secrets: [secret] });
      ask('x');
      expect(heard).toEqual([]);
      expect(b.stats().refused).toEqual({ signature: 1 });
    }
    const { broker, b, ask, heard } = await pair({ secrets: [secret] }, { secrets: [secret] });
    ask('x');
    const data = Buffer.from((broker.published[0] as NatsMessage).data);
    data[data.length - 33] = 0x79;
    broker.publish({ subject: subjects.raft('c1', 'n2'), data, reply: '_INBOX.x.1' });
    expect(heard).toEqual(['n1: x']);
    expect(b.stats().refused).toEqual({ signature: 1 });
  });

  it('refuses a sealed frame that is played again', async () => {
    const { broker, b, ask, heard } = await pair({ secrets: [secret] }, { secrets: [secret] });
    ask('x');
    broker.publish(broker.published[0] as NatsMessage);
    expect(heard).toEqual(['n1: x']);
    expect(b.stats().refused).toEqual({ replay: 1 });
  });

  it('refuses counters from before it started, and tells the sender where to go on', async () => {
    const late = { clock: { ...stillClock(5_000), after: never } };
    const { b, ask, heard } = await pair({ secrets: [secret] }, { secrets: [secret], ...late });
    expect(ask('too low')).toEqual(['too low']);
    expect(b.stats().refused).toEqual({ replay: 1 });
    expect(ask('above')).toEqual(['above']);
    expect(heard).toEqual(['n1: too low', 'n1: above']);
    expect(b.stats().refused).toEqual({ replay: 1 });
  });

  it('refuses an answer that belongs to another question', async () => {
    const { broker, a, ask } = await pair({ secrets: [secret] }, { secrets: [secret] });
    const first = ask('x');
    const answer = broker.published[1] as NatsMessage;
    const results: string[] = [];
    a.request(nodeName('n9'), Buffer.from('y'), 1_000, (failure) => results.push(`${failure}`));
    const inbox = broker.published.at(-1)?.reply as string;
    broker.publish({ subject: inbox, data: answer.data });
    expect(first).toEqual(['x']);
    expect(results).toEqual([]);
    expect(a.stats().refused).toEqual({ replay: 1 });
  });

  it('takes no responders for gone', async () => {
    const { broker, a } = await pair();
    const results: string[] = [];
    a.request(nodeName('n9'), Buffer.from('y'), 1_000, (failure) => results.push(`${failure}`));
    const subject = broker.published[0]?.reply as string;
    broker.publish({ subject, data: new Uint8Array(0), headers: { code: 503 } });
    expect(results).toEqual(['gone']);
  });
});
