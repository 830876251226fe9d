import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetadError } from '@metad/contract';
import { bootstrapMap, loadHasher } from '@metad/partition';
import { nodeName } from '@metad/foundation';
import type { ClientOptions } from './client-options.js';
import { MetadClient } from './metad-client.js';
import { ManualClock, MemoryBroker, type Body, type MemoryConnection } from './testing/index.js';

const APPLIED = { outcome: 'applied', version: 1, events: [], record: null };
const applied = (index = 5) => ({ ...APPLIED, position: `m1.aa.1.${index}` });
const refusal = (code: MetadError['code'], details = {}) =>
  new MetadError(code, 'as scripted', details).toBody();
const assign = { tenantId: 'acme', resourceId: 'db-1', node: 'n1' };

let clock: ManualClock;
let broker: MemoryBroker;
let connection: MemoryConnection;

async function clientWith(options: Partial<ClientOptions> = {}): Promise<MetadClient> {
  connection = broker.connect();
  return MetadClient.over(connection, {
    namespace: 'prod',
    clock,
    random: { fraction: () => 0.5, below: () => 0 },
    routing: 'any',
    ...options,
  });
}

/** Answers commands by the script, one step per attempt; null stays silent. */
function scripted(...script: (object | null)[]): Body[] {
  const heard: Body[] = [];
  broker.answer('metad.v1.cmd.*.*', (body) => {
    heard.push(body);
    const step = script[Math.min(heard.length, script.length) - 1];
    return step === undefined ? null : step;
  });
  return heard;
}

const failure = (promise: Promise<unknown>): Promise<MetadError> =>
  promise.then(
    () => Promise.reject(new Error('did not fail')),
    (error: unknown) => error as MetadError,
  );

beforeEach(async () => {
  await loadHasher();
  clock = new ManualClock();
  broker = new MemoryBroker();
});
afterEach(() => connection.close());

describe('a command', () => {
  it('is answered', async () => {
    const heard = scripted(applied());
    const client = await clientWith({ actor: 'scheduler' });
    const reply = await client.command('AssignResource', assign, { expect: { absent: true } });
    expect(reply).toEqual(applied());
    expect(heard[0]).toEqual({
      commandId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/),
      namespace: 'prod',
      command: 'AssignResource',
      data: assign,
      expect: { absent: true },
      meta: { actor: 'scheduler' },
    });
  });

  it('is sent again, byte for byte, while there is no leader', async () => {
    scripted(refusal('NO_LEADER'), refusal('NO_LEADER'), applied());
    const client = await clientWith();
    const reply = client.command('AssignResource', assign);
    await clock.advance(200);
    expect(await reply).toEqual(applied());
    const sent = broker.published.filter(({ subject }) => subject.startsWith('metad.v1.cmd'));
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
  });

  it('tells of every attempt that is followed by another', async () => {
    scripted(refusal('NO_LEADER', { retryAfterMs: 100 }), refusal('OVERLOADED'), applied());
    const told: unknown[] = [];
    const client = await clientWith({
      onRetry: ({ name, attempts, waitMs, error }) =>
        told.push([name, attempts, waitMs, error.code]),
    });
    const reply = client.command('AssignResource', assign);
    await clock.advance(1_000);
    await reply;
    expect(told).toEqual([
      ['AssignResource', 1, 110, 'NO_LEADER'],
      ['AssignResource', 2, 20, 'OVERLOADED'],
    ]);
  });

  it('is sent again after silence, and a duplicate is its answer', async () => {
    const heard = scripted(null, { ...applied(), outcome: 'duplicate' });
    const client = await clientWith({ attemptTimeoutMs: 500 });
    const reply = client.command('AssignResource', assign);
    await clock.advance(1_000);
    expect(await reply).toMatchObject({ outcome: 'duplicate' });
    expect(heard[0]?.['commandId']).toBe(heard[1]?.['commandId']);
  });

  it.each(['VERSION_CONFLICT', 'RULE_VIOLATED', 'INVALID_ARGUMENT', 'FORBIDDEN'] as const)(
    'is not sent again after %s',
    async (code) => {
      const heard = scripted(refusal(code, { version: 8 }), applied());
      const client = await clientWith();
      const error = await failure(client.command('AssignResource', assign));
      expect(error).toMatchObject({ code, message: 'as scripted', details: { version: 8 } });
      expect(heard).toHaveLength(1);
    },
  );

  it('fails with the last refusal when time runs out and nothing was in doubt', async () => {
    scripted(refusal('NO_LEADER'));
    const client = await clientWith();
    const error = failure(client.command('AssignResource', assign, { timeoutMs: 1_000 }));
    await clock.advance(2_000);
    expect(await error).toMatchObject({ code: 'NO_LEADER', definite: true });
  });

  it('stays unknown when one attempt got no answer, whatever the next ones say', async () => {
    scripted(null, refusal('NO_LEADER'));
    const client = await clientWith({ attemptTimeoutMs: 300 });
    const error = failure(client.command('AssignResource', assign, { timeoutMs: 1_000 }));
    await clock.advance(2_000);
    expect(await error).toMatchObject({ code: 'OUTCOME_UNKNOWN', definite: false });
  });

  it('stays unknown when the door closes after an attempt without answer', async () => {
    scripted(null, refusal('FORBIDDEN'));
    const client = await clientWith({ attemptTimeoutMs: 300 });
    const error = failure(client.command('AssignResource', assign));
    await clock.advance(1_000);
    expect(await error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('is definitely refused when the refusal is about the command itself', async () => {
    scripted(null, refusal('VERSION_CONFLICT'));
    const client = await clientWith({ attemptTimeoutMs: 300 });
    const error = failure(client.command('AssignResource', assign));
    await clock.advance(1_000);
    expect(await error).toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('waits as long as the server asks, and not at all when that is too long', async () => {
    const heard = scripted(refusal('RATE_LIMITED', { retryAfterMs: 5_000 }), applied());
    const client = await clientWith();
    const error = await failure(client.command('AssignResource', assign, { timeoutMs: 3_000 }));
    expect(error.code).toBe('RATE_LIMITED');
    const patient = client.command('AssignResource', assign, { timeoutMs: 9_000 });
    await clock.advance(6_000);
    await expect(patient).resolves.toEqual(applied());
    expect(heard).toHaveLength(2);
  });

  it('knows nothing when nobody answers at all: NO_LEADER, definitely', async () => {
    const client = await clientWith();
    const error = failure(client.command('AssignResource', assign, { timeoutMs: 500 }));
    await clock.advance(1_000);
    expect(await error).toMatchObject({ code: 'NO_LEADER', details: { reason: 'nobody' } });
  });

  it('ends when it is aborted', async () => {
    scripted(null);
    const client = await clientWith();
    const controller = new AbortController();
    const error = failure(client.command('AssignResource', assign, { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await error).toMatchObject({ message: 'enough' });
  });

  it('waits for the connection to come back', async () => {
    const heard = scripted(applied());
    const client = await clientWith();
    connection.cut();
    await clock.advance(1);
    const reply = client.command('AssignResource', assign);
    await clock.advance(1_000);
    expect(heard).toHaveLength(0);
    connection.restore();
    await clock.advance(10);
    expect(await reply).toEqual(applied());
  });

  it('that was on its way when the connection broke is sent again', async () => {
    const heard = scripted(null, { ...applied(), outcome: 'duplicate' });
    const client = await clientWith();
    const reply = client.command('AssignResource', assign);
    await clock.advance(1);
    connection.cut();
    await clock.advance(100);
    connection.restore();
    await clock.advance(100);
    expect(await reply).toMatchObject({ outcome: 'duplicate' });
    expect(heard).toHaveLength(2);
  });

  it('of a name that this library does not know goes through all the same', async () => {
    const heard = scripted(applied());
    const client = await clientWith();
    await client.command('PaintFence', { colour: 'green' });
    expect(heard[0]).toMatchObject({ command: 'PaintFence', data: { colour: 'green' } });
  });
});

describe('routing', () => {
  const members = ['n1', 'n2', 'n3'].map(nodeName);
  const map = (generation: number) => ({
    incarnation: 'aa',
    map: { ...bootstrapMap({ members, partitions: 4, replicas: 3 }).data, generation },
  });
  const subjects = () =>
    broker.published.map(({ subject }) => subject).filter((s) => !s.startsWith('_INBOX'));

  beforeEach(() => void broker.answer('metad.v1.admin._any.cluster.map', () => map(1)));

  async function primed(): Promise<MetadClient> {
    const client = await clientWith({ routing: 'leader' });
    broker.answer('metad.v1.cmd.*.*', () => applied());
    await client.command('AssignResource', assign);
    await clock.advance(10);
    broker.published.length = 0;
    return client;
  }

  it('goes to any node first and to the leader once the map is known', async () => {
    const client = await primed();
    broker.answer('metad.v1.p.*.cmd', () => applied(6));
    expect(await client.command('AssignResource', assign)).toEqual(applied(6));
    expect(subjects()).toEqual([expect.stringMatching(/^metad\.v1\.p\.\d\.cmd$/)]);
  });

  it('takes any node at once when the leader is away', async () => {
    const client = await primed();
    expect(await client.command('AssignResource', assign)).toEqual(applied());
    expect(subjects()).toEqual([
      expect.stringMatching(/^metad\.v1\.p\.\d\.cmd$/),
      'metad.v1.cmd.prod.AssignResource',
    ]);
  });

  it('asks for the map again when a partition has moved', async () => {
    const client = await primed();
    broker.answer('metad.v1.p.*.cmd', () => refusal('PARTITION_MOVED'));
    await client.command('AssignResource', assign);
    expect(subjects()).toContain('metad.v1.admin._any.cluster.map');
    await clock.advance(10);
    expect(client.statistics().mapRefreshes).toBe(2);
  });

  it('asks a look-up of a key that has moved once more, and then of its leader', async () => {
    const client = await primed();
    const found = { item: { node: 'n1' }, position: 'm1.aa.1.9', lagMs: 0 };
    let moves = 1;
    broker.answer('metad.v1.p.*.query', () =>
      (moves -= 1) >= 0 ? refusal('PARTITION_MOVED', { partition: 4, retryAfterMs: 0 }) : found,
    );
    broker.answer('metad.v1.query.*.*', () => found);
    const look = () => client.query('GetResource', assign, { consistency: 'linearizable' });
    expect(await look()).toEqual(found);
    await clock.advance(10);
    expect(client.statistics().mapRefreshes).toBe(2);
    expect(await look()).toEqual(found);
    expect(subjects().filter((subject) => subject !== 'metad.v1.admin._any.cluster.map')).toEqual([
      expect.stringMatching(/^metad\.v1\.p\.\d\.query$/),
      'metad.v1.query.prod.GetResource',
      expect.stringMatching(/^metad\.v1\.p\.\d\.query$/),
    ]);
  });

  it('leaves leaders alone when the broker forbids to ask them', async () => {
    const client = await primed();
    for (let id = 0; id <= 4; id += 1) connection.forbidden.add(`metad.v1.p.${id}.cmd`);
    const first = client.command('AssignResource', assign);
    await clock.advance(10);
    expect(await first).toEqual(applied());
    await client.command('AssignResource', assign);
    expect(subjects()).toEqual([
      'metad.v1.cmd.prod.AssignResource',
      'metad.v1.cmd.prod.AssignResource',
    ]);
  });
});

describe('a session', () => {
  let asked: Body[];
  /** What nodes answer to queries instead of the usual. */
  let says: object | null;

  beforeEach(() => {
    asked = [];
    says = null;
    let index = 5;
    broker.answer('metad.v1.cmd.*.*', () => applied((index += 1)));
    broker.answer('metad.v1.query.*.*', (body) => {
      asked.push(body);
      return says ?? { item: null, position: 'm1.aa.1.99', lagMs: 0 };
    });
  });

  it('reads what it wrote', async () => {
    const client = await clientWith();
    await client.query('GetTenant', { tenantId: 'acme' });
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    await client.query('GetTenant', { tenantId: 'acme' });
    await client.query('GetTenant', { tenantId: 'acme' }, { consistency: 'linearizable' });
    expect(asked.map((body) => body['position'])).toEqual([undefined, 'm1.aa.1.6', undefined]);
  });

  it('does not wait for what was only tried', async () => {
    const client = await clientWith();
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' }, { dryRun: true });
    expect(client.position()).toBeUndefined();
  });

  it('reaches into other namespaces, and not into other sessions', async () => {
    const client = await clientWith();
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    await client.in('test').query('GetTenant', { tenantId: 'acme' });
    await client.newSession().query('GetTenant', { tenantId: 'acme' });
    expect(asked.map((body) => body['position'])).toEqual(['m1.aa.1.6', undefined]);
    expect(asked.map((body) => body['namespace'])).toEqual(['test', 'prod']);
  });

  it('does not go behind its reads, if asked for', async () => {
    const client = await clientWith({ monotonicReads: true });
    await client.query('GetTenant', { tenantId: 'acme' });
    expect(client.position()).toBe('m1.aa.1.99');
  });

  it('is not lost to a position of another history that a caller gave', async () => {
    const client = await clientWith();
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    says = refusal('INCARNATION_CHANGED', { incarnation: 'aa' });
    const stale = client.query('GetTenant', { tenantId: 'acme' }, { position: 'm1.zz.1.4' });
    expect(await failure(stale)).toMatchObject({ code: 'INCARNATION_CHANGED' });
    expect(client.position()).toBe('m1.aa.1.6');
  });

  it('is told once that its history is gone, and then reads what it writes', async () => {
    const client = await clientWith();
    client.continueFrom('m1.old.1.9');
    says = refusal('INCARNATION_CHANGED', { incarnation: 'aa' });
    const query = client.query('GetTenant', { tenantId: 'acme' });
    expect(await failure(query)).toMatchObject({ code: 'INCARNATION_CHANGED' });
    expect(client.position()).toBeUndefined();
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    expect(client.position()).toBe('m1.aa.1.6');
  });

  it('asks again where a node still speaks of a history that was left', async () => {
    const client = await clientWith({ monotonicReads: true });
    says = { item: null, position: 'm1.old.1.9', lagMs: 0 };
    await client.query('GetTenant', { tenantId: 'acme' });
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    says = refusal('INCARNATION_CHANGED', { incarnation: 'old' });
    const late = client.query('GetTenant', { tenantId: 'acme' });
    await clock.advance(5);
    says = null;
    await clock.advance(1_000);
    expect(await late).toMatchObject({ position: 'm1.aa.1.99' });
    expect(client.position()).toBe('m1.aa.1.99');
  });

  it('follows the cluster into a history that it insists on', async () => {
    const client = await clientWith({ monotonicReads: true });
    says = { item: null, position: 'm1.old.1.9', lagMs: 0 };
    await client.query('GetTenant', { tenantId: 'acme' });
    await client.command('PlaceTenant', { tenantId: 'acme', cell: 'eu-1' });
    says = refusal('INCARNATION_CHANGED', { incarnation: 'old' });
    const query = failure(client.query('GetTenant', { tenantId: 'acme' }));
    await clock.advance(11_000);
    expect(await query).toMatchObject({ code: 'INCARNATION_CHANGED' });
    says = { item: null, position: 'm1.old.1.10', lagMs: 0 };
    await client.query('GetTenant', { tenantId: 'acme' });
    expect(client.position()).toBe('m1.old.1.10');
  });

  it('pages through a list', async () => {
    const pages = [
      { items: [1, 2], cursor: 'c1', position: 'm1.aa.1.9', lagMs: 0 },
      { items: [3], position: 'm1.aa.1.9', lagMs: 0 },
    ];
    const other = new MemoryBroker();
    const cursors: unknown[] = [];
    other.answer('metad.v1.query.*.*', (body) => {
      cursors.push(body['cursor']);
      return pages.shift() ?? null;
    });
    connection = other.connect();
    const client = await MetadClient.over(connection, { namespace: 'prod', clock });
    const seen: unknown[] = [];
    for await (const item of client.each('ListTenants', {})) seen.push(item);
    expect(seen.concat(cursors)).toEqual([1, 2, 3, undefined, 'c1']);
  });
});
