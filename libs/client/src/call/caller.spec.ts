import { beforeEach, describe, expect, it } from '@jest/globals';
import type { MetadError } from '@metad/contract';
import { MetadClient } from '../metad-client.js';
import { ManualClock, MemoryBroker, type MemoryConnection } from '../testing/index.js';
import { ConnectionFollower } from '../wire/connection-follower.js';

let clock: ManualClock;
let broker: MemoryBroker;
let connection: MemoryConnection;

beforeEach(() => {
  clock = new ManualClock();
  broker = new MemoryBroker();
  connection = broker.connect();
});

async function cutOffClient(pendingMax = 16): Promise<MetadClient> {
  const random = { fraction: () => 0.5, below: () => 0 };
  const options = { namespace: 'prod', clock, random, routing: 'any', pendingMax } as const;
  const client = await MetadClient.over(connection, options);
  connection.cut();
  await clock.advance(1);
  return client;
}

const assign = { tenantId: 'acme', resourceId: 'db-1', node: 'n1' };
const told = (call: Promise<unknown>): Promise<MetadError | null> =>
  call.then(
    () => null,
    (error: unknown) => error as MetadError,
  );

describe('a call while the link is down', () => {
  const reply = { outcome: 'applied', version: 1, position: 'm1.aa.1.1', events: [], record: null };

  it('counts as under way', async () => {
    broker.answer('metad.v1.cmd.*.*', () => reply);
    const client = await cutOffClient(3);
    const calls = [1, 2, 3].map(() => told(client.command('AssignResource', assign)));
    const one = told(client.command('AssignResource', assign, { timeoutMs: 1_000 }));
    await clock.advance(1_100);
    expect(await one).toMatchObject({ code: 'OVERLOADED', details: { reason: 'full' } });
    connection.restore();
    await clock.advance(100);
    expect(await Promise.all(calls)).toEqual([null, null, null]);
  });

  it('is not under way any more once it has timed out, or was aborted', async () => {
    const client = await cutOffClient(2);
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [{ timeoutMs: 500 }, { signal }].map((options) =>
      told(client.command('AssignResource', assign, options)),
    );
    await clock.advance(600);
    controller.abort(new Error('enough'));
    expect((await Promise.all(calls)).map((error) => error?.message)).toEqual([
      'there is no connection to the broker',
      'enough',
    ]);
    const next = told(client.command('AssignResource', assign, { timeoutMs: 500 }));
    await clock.advance(600);
    expect(await next).toMatchObject({ details: { reason: 'disconnected' } });
  });

  it('is not remembered after its time', async () => {
    const quiet = { lost: () => {}, restored: () => {}, refused: () => {} };
    const follower = new ConnectionFollower(connection, clock, quiet);
    const followed = follower.follow();
    connection.cut();
    await clock.advance(1);
    const waits = [10, 20, 3_000].map((timeoutMs) => follower.untilConnected(timeoutMs));
    expect(follower.waiting).toBe(3);
    await clock.advance(100);
    expect(follower.waiting).toBe(1);
    connection.restore();
    await clock.advance(1);
    expect(follower.waiting).toBe(0);
    await Promise.all(waits);
    connection.close();
    await followed;
  });
});

describe('a call on a closed connection', () => {
  it('fails at once, and says why', async () => {
    const client = await cutOffClient();
    connection.close();
    await clock.advance(1);
    const calls = [client.command('AssignResource', assign), client.query('ListTenants', {})];
    for (const error of await Promise.all(calls.map(told))) {
      const message = 'the connection is closed; nothing was sent';
      expect(error).toMatchObject({ code: 'NO_LEADER', message, details: { reason: 'closed' } });
    }
  });

  it('fails as the connection closes, if it waited for the link', async () => {
    const client = await cutOffClient();
    const call = told(client.command('AssignResource', assign));
    connection.close();
    expect(await call).toMatchObject({ code: 'NO_LEADER', details: { reason: 'closed' } });
  });

  it('fails as the client closes, if it waited for the link', async () => {
    const client = await cutOffClient();
    const calls = [client.query('ListTenants', {}), client.query('ListTenants', {})].map(told);
    await client.close();
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ details: { reason: 'closed' } });
    }
    expect(client.statistics().pending).toBe(0);
  });

  it('stays unknown when it had been sent before', async () => {
    broker.answer('metad.v1.cmd.*.*', () => null);
    const options = { namespace: 'prod', clock, routing: 'any' } as const;
    const client = await MetadClient.over(connection, options);
    const call = told(client.command('AssignResource', assign));
    await clock.advance(10);
    connection.close();
    await client.close();
    await clock.advance(2_000);
    expect(await call).toMatchObject({ code: 'OUTCOME_UNKNOWN', definite: false });
  });
});
