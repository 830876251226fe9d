import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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

let cluster: RunningCluster;
let ways: Way[];
const transcripts = new Map<string, Map<string, Answer>>();

beforeAll(async () => {
  cluster = await RunningCluster.start({
    nodes: 3,
    partitions: 4,
    natsPort: 20_470,
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
      answers.set(`${name} ${what}`, await way.call(kind, 'prod', name, body));
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
    ['GetResource looks up owned', { reply: { item: { node: 'node-b', owner: 'me' } } }],
  ])('are what the contract says: %s', (step, expected) => {
    expect(reference(step)).toMatchObject(expected);
  });
});
