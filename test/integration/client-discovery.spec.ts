import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  connect as connectOfficial,
  RequestStrategy,
  type NatsConnection as OfficialConnection,
} from 'nats';
import { EndpointStatistics } from '../../src/app/nats/endpoint-statistics.js';
import { ServiceDiscovery } from '../../src/app/nats/service-discovery.js';
import { openOwnBroker, type TestBroker } from '../fixtures/broker/test-broker.js';

let broker: TestBroker;
let connection: NatsConnection;
let discovery: ServiceDiscovery;
/** The client that has NATS' own services client and service in it. */
let official: OfficialConnection;

beforeAll(async () => {
  broker = await openOwnBroker();
  connection = await connect({ servers: broker.url });
  const commands = new EndpointStatistics();
  commands.record(2, null);
  commands.record(4, 'VERSION_CONFLICT: …');
  discovery = new ServiceDiscovery(
    connection,
    subjectsUnder('metad.v1'),
    { node: 'n1', cluster: 'metad', version: '0.1.0', startedAt: '2026-11-22T12:00:00.000Z' },
    new Map([['command', commands]]),
  );
  discovery.start();
  await connection.flush();
  official = await connectOfficial({ servers: broker.url });
});
afterAll(async () => {
  discovery.stop();
  await official.close();
  await connection.close();
  await broker.close();
});

const ask = async (subject: string): Promise<Record<string, unknown>> =>
  (await connection.request(subject, '', { timeout: 2_000 })).json();

describe('discovery by NATS (ADR-32)', () => {
  it.each([['$SRV.PING'], ['$SRV.PING.metad']])('%s finds the node', async (subject) => {
    expect(await ask(subject)).toEqual({
      type: 'io.nats.micro.v1.ping_response',
      name: 'metad',
      id: discovery.id,
      version: '0.1.0',
      metadata: { node: 'n1', cluster: 'metad' },
    });
  });

  it('INFO names the endpoints', async () => {
    const info = await ask(`$SRV.INFO.metad.${discovery.id}`);
    expect(info).toMatchObject({ type: 'io.nats.micro.v1.info_response', name: 'metad' });
    expect(info['endpoints']).toContainEqual({
      name: 'command',
      subject: 'metad.v1.cmd.*.*',
      queue_group: 'metad',
      metadata: {},
    });
  });

  it('STATS counts requests and errors', async () => {
    const stats = await ask('$SRV.STATS');
    expect(stats).toMatchObject({
      type: 'io.nats.micro.v1.stats_response',
      started: '2026-11-22T12:00:00.000Z',
    });
    expect(stats['endpoints']).toContainEqual({
      name: 'command',
      subject: 'metad.v1.cmd.*.*',
      queue_group: 'metad',
      num_requests: 2,
      num_errors: 1,
      last_error: 'VERSION_CONFLICT: …',
      processing_time: 6_000_000,
      average_processing_time: 3_000_000,
    });
  });

  it('stays silent on what it does not know', async () => {
    await expect(ask('$SRV.SCHEMA')).rejects.toThrow();
  });
});

/** All answers that the official client gets; it waits for the last one as long as it likes. */
async function all<T>(answers: Promise<AsyncIterable<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const answer of await answers) found.push(answer);
  return found;
}

/** Every field by its path, with the sort of what it holds; lists by what they consist of. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return [...new Set(value.flatMap((each) => shapeOf(each, `${path}[]`)))].sort();
  }
  if (typeof value !== 'object' || value === null) return [`${path}: ${typeof value}`];
  if (path.endsWith('metadata')) return [`${path}: names and texts`];
  return Object.entries(value)
    .flatMap(([name, each]) => shapeOf(each, `${path}.${name}`))
    .sort();
}

describe("NATS' own services client", () => {
  const services = () =>
    official.services.client({ strategy: RequestStrategy.JitterTimer, maxWait: 1_000 });

  it('finds the node by PING, INFO and STATS, by name and by id', async () => {
    const identity = { name: 'metad', id: discovery.id, version: '0.1.0' };
    expect(await all(services().ping())).toEqual([expect.objectContaining(identity)]);
    expect(await all(services().ping('metad', discovery.id))).toHaveLength(1);
    await expect(all(services().ping('somebody-else'))).rejects.toThrow('503');
    const [info] = await all(services().info('metad'));
    expect(info?.endpoints?.map(({ name }) => name)).toEqual([
      ...['command', 'query', 'watch', 'admin', 'leader-command', 'leader-query'],
    ]);
    const [stats] = await all(services().stats('metad'));
    expect(stats?.endpoints?.[0]).toMatchObject({ num_requests: 2, num_errors: 1 });
  });

  it('gets answers of the same shape as from a service of that library', async () => {
    const name = 'exemplar';
    const service = await official.services.add({
      ...{ name, version: '0.1.0', description: 'to compare with', queue: 'metad' },
      metadata: { node: 'n1' },
    });
    // The library refuses endpoints whose names or subjects break the specification.
    const [ours] = await all(services().info('metad'));
    for (const endpoint of ours?.endpoints ?? []) {
      const { name: called, subject } = endpoint;
      service.addEndpoint(called, {
        ...{ subject: `exemplar.${subject}`, metadata: {} },
        handler: () => {
          throw new Error('as one of ours has done');
        },
      });
    }
    await official.request('exemplar.metad.v1.cmd.prod.X');
    for (const verb of ['ping', 'info', 'stats'] as const) {
      const [theirs] = await all<object>(services()[verb](name));
      const [own] = await all<object>(services()[verb]('metad'));
      expect({ verb, shape: shapeOf(own) }).toEqual({ verb, shape: shapeOf(theirs) });
    }
    await service.stop();
  }, 300_000);
});
