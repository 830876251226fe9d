import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, createInbox, type NatsConnection } from '@nats-io/transport-node';
import { RunningCluster } from '../fixtures/running-cluster.js';
import { script } from './script.js';
import { clientWay, httpWay, natsWay, proxyWay, type Answer, type Way } from './way.js';

/** What may differ between two ways: whose records they are, where they lie, and when. */
function comparable(answer: Answer, tag: number): unknown {
  const text = JSON.stringify(answer)
    .replaceAll(new RegExp(`\\b(tenant|other|svc|map|table)-${tag}\\b`, 'g'), '$1-N')
    .replaceAll(/0199aaaa-[0-9a-f]{4}-/g, '0199aaaa-NNNN-')
    .replaceAll(/m1\.[0-9a-zA-Z]+\.\d+\.\d+/g, 'POSITION')
    .replaceAll(/POSITION(,POSITION)+/g, 'POSITION')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/"(fence|lagMs|lateMs|index|partition|generation)":[\d.]+/g, '"$1":0')
    .replaceAll(/"cursor":"[^"]+"/g, '"cursor":"CURSOR"')
    .replaceAll(/in partitions? [\d, and]+/g, 'in PARTITIONS');
  return JSON.parse(text) as unknown;
}

const isWithoutLeader = (answer: Answer): boolean =>
  JSON.stringify(answer).includes('"code":"NO_LEADER"');

let cluster: RunningCluster;
let ways: Way[];
const transcripts = new Map<string, Map<string, Answer>>();

beforeAll(async () => {
  cluster = await RunningCluster.start({
    nodes: 3,
    partitions: 4,
    database: true,
  });
  ways = [
    await clientWay(cluster.nats, 'leader'),
    await clientWay(cluster.nats, 'any'),
    await natsWay(cluster.nats, '@nats-io'),
    await natsWay(cluster.nats, 'nats 2'),
    proxyWay(cluster.nats),
    httpWay(cluster.http[1] ?? ''),
  ];
  for (const [tag, way] of ways.entries()) {
    const answers = new Map<string, Answer>();
    for (const { what, kind, name, body } of script(tag)) {
      // A node that has just started may say that nobody leads yet, and then nothing was done.
      let answer = await way.call(kind, 'prod', name, body);
      for (let left = 100; left > 0 && isWithoutLeader(answer); left -= 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        answer = await way.call(kind, 'prod', name, body);
      }
      answers.set(`${name} ${what}`, answer);
    }
    transcripts.set(way.name, answers);
  }
}, 180_000);

afterAll(async () => {
  for (const way of ways) await way.close();
  await cluster.stop();
});

const reference = (step: string): Answer =>
  transcripts.get(ways[2]?.name ?? '')?.get(step) as Answer;
const faults = (...fields: string[]): object => ({
  code: 'INVALID_ARGUMENT',
  details: {
    faults: expect.arrayContaining(fields.map((field) => expect.objectContaining({ field }))),
  },
});
const steps = script(0).map(({ name, what }) => `${name} ${what}`);

describe('every way to the service', () => {
  it.each(steps)('answers alike: %s', (step) => {
    const expected = comparable(reference(step), 2);
    for (const [tag, way] of ways.entries()) {
      const answer = transcripts.get(way.name)?.get(step) as Answer;
      expect({ way: way.name, answer: comparable(answer, tag) }).toEqual({
        way: way.name,
        answer: expected,
      });
    }
  });
});

describe('the answers', () => {
  it.each([
    ['PlaceTenant creates', { reply: { outcome: 'applied', version: 1 } }],
    ['PlaceTenant repeats the command', { reply: { outcome: 'duplicate', version: 1 } }],
    ['PlaceTenant reuses its id', { error: { code: 'COMMAND_ID_REUSED', status: 409 } }],
    ['PlaceTenant changes nothing', { reply: { outcome: 'noop', version: 1 } }],
    ['AssignResource expects a version', { error: { code: 'VERSION_CONFLICT' } }],
    ['AssignResource expects a field', { error: { code: 'PRECONDITION_FAILED' } }],
    ['ClaimOwnership claims', { reply: { outcome: 'applied', fence: expect.any(Number) } }],
    ['ClaimOwnership claims what is owned', { error: { code: 'ALREADY_OWNED' } }],
    ['EvictTenant evicts too early', { error: { code: 'RULE_VIOLATED', status: 422 } }],
    ['AssignResource is late', { error: { code: 'DEADLINE_EXCEEDED', definite: true } }],
    ['PaintFence is not known', { error: { code: 'UNKNOWN_COMMAND', status: 404 } }],
    ['AssignResource lacks fields', { error: { code: 'INVALID_ARGUMENT' } }],
    ['Batch crosses partitions', { error: { code: 'CROSS_PARTITION' } }],
    ['GetTenant looks up', { reply: { item: { cell: 'eu-1', labels: { team: 'é中' } } } }],
    ['GetTenant finds nothing', { error: { code: 'NOT_FOUND' } }],
    ['GetTenant is of another history', { error: { code: 'INCARNATION_CHANGED', status: 410 } }],
    ['GuessTenant is not known', { error: { code: 'UNKNOWN_QUERY' } }],
    ['AssignResource nests too deep', { error: { code: 'INVALID_ARGUMENT', definite: true } }],
    ['AssignResource has wrong types', { error: faults('data.tenantId', 'data.resourceId') }],
    ['AssignResource is too large', { error: { code: 'TOO_LARGE', status: 413 } }],
    ['AssignResource has control characters', { error: faults('data.resourceId') }],
    ['AssignResource has half a character', { error: faults('data.resourceId') }],
    ['AssignResource names a prototype', { error: faults('data.labels.__proto__') }],
    ['AssignResource has too many labels', { error: faults('data.labels') }],
    ['AssignResource has a list for data', { error: faults('data') }],
    ['ListResources has an unknown parameter', { error: faults('params.colour') }],
    ['ListResources has an unknown consistency', { error: faults('consistency') }],
    ['ListResources has no cursor of ours', { error: faults('cursor') }],
    ['ListResources has a forged cursor', { error: faults('cursor') }],
    ['ListResources asks for too much', { error: faults('limit') }],
    ['ListResources has a number for a position', { error: faults('position') }],
    ['GetResource nests too deep', { error: { code: 'INVALID_ARGUMENT' } }],
    ['GetTenant is too large', { error: { code: 'TOO_LARGE', status: 413 } }],
    ['GetResource looks up owned', { reply: { item: { node: 'node-b', owner: 'me' } } }],
  ])('are what the contract says: %s', (step, expected) => {
    expect(reference(step)).toMatchObject(expected);
  });
});

describe('a bare request', () => {
  const body = { params: { tenantId: 'tenant-2' } };
  let connection: NatsConnection;
  beforeAll(async () => {
    connection = await connect({ servers: cluster.nats });
  });
  afterAll(() => connection.close());

  const ask = async (subject: string, request: object): Promise<unknown> =>
    (await connection.request(subject, JSON.stringify(request), { timeout: 15_000 })).json();

  it.each([
    ['namespace', { ...body, namespace: 'other' }],
    ['query', { ...body, query: 'GetResource' }],
    ['colour', { ...body, colour: 1 }],
  ])('is refused when its %s is not what the subject allows', async (field, request) => {
    const answer = await ask('metad.v1.query.prod.GetTenant', request);
    expect(answer).toMatchObject({ error: faults(field) });
  });

  it.each([
    ['namespace', { namespace: 'other' }],
    ['command', { command: 'EvictTenant' }],
    ['colour', { colour: 1 }],
  ])('is no command when its %s is not what the subject allows', async (field, more) => {
    const commandId = '0199aaaa-ffff-7000-8000-000000000001';
    const request = { commandId, data: { tenantId: 'nobody', cell: 'x' }, ...more };
    const answer = await ask('metad.v1.cmd.prod.PlaceTenant', request);
    expect(answer).toMatchObject({ error: faults(field) });
  });

  it('is not answered where an answer could do harm', async () => {
    const arrived: string[] = [];
    const inbox = createInbox();
    for (const subject of ['metad.v1.harm.>', '$HARM.>', inbox]) {
      connection.subscribe(subject, {
        callback: (_error, message) => void arrived.push(message.subject),
      });
    }
    for (const reply of ['metad.v1.harm.x', '$HARM.x', inbox]) {
      connection.publish('metad.v1.query.prod.GetTenant', JSON.stringify(body), { reply });
    }
    for (let turn = 0; turn < 100 && arrived.length === 0; turn += 1) await pause(50);
    await pause(500);
    expect(arrived).toEqual([inbox]);
  });
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
