import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { subjectsUnder } from '@metad/contract';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { EndpointStatistics } from '../../src/app/nats/endpoint-statistics.js';
import { ServiceDiscovery } from '../../src/app/nats/service-discovery.js';
import { openTestBroker, type TestBroker } from '../fixtures/broker.js';

let broker: TestBroker;
let connection: NatsConnection;
let discovery: ServiceDiscovery;

beforeAll(async () => {
  broker = await openTestBroker();
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
});
afterAll(async () => {
  discovery.stop();
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
