import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_CODES } from '@metad/contract';
import { seededRandom, type Random } from '@metad/foundation';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { openTestBroker, type TestBroker } from '../fixtures/broker/test-broker.js';
import { OneNode } from '../fixtures/secured/one-node.js';

const envelopes = 10_000;
const others = 2_000;
const atOnce = 64;
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

let folder: string;
let broker: TestBroker;
let node: OneNode;
let nats: NatsConnection;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'metad-hostile-'));
  broker = await openTestBroker();
  node = await OneNode.start(folder, {
    NATS_URL: broker.url,
    METAD_SUBJECT_PREFIX: broker.prefix,
    METAD_CLUSTER: broker.cluster,
    METAD_NODE_SECRET: 'a secret of this test',
    METAD_HTTP_PORT: '0',
  });
  nats = await connect({ servers: broker.url });
}, 300_000);

afterAll(async () => {
  await nats.close();
  expect(await node.stop()).toBe(0);
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Reply {
  readonly outcome?: string;
  readonly error?: { readonly code: string; readonly definite: boolean };
  readonly [field: string]: unknown;
}

async function ask(subject: string, body: Uint8Array | string): Promise<Reply> {
  const reply = await nats.request(`${broker.prefix}.${subject}`, body, { timeout: 20_000 });
  return reply.json();
}

const uuid = (random: Random): string =>
  `${random
    .below(2 ** 31)
    .toString(16)
    .padStart(8, '0')}-0000-4000-8000-000000000000`;

const COMMANDS: readonly [command: string, data: object][] = [
  ['PlaceTenant', { tenantId: 'acme', cell: 'eu-1', labels: { tier: 'gold' } }],
  ['AssignResource', { tenantId: 'acme', resourceId: 'db-1', node: 'node-a', kind: 'db' }],
  ['ClaimOwnership', { tenantId: 'acme', resourceId: 'db-1', owner: 'me', ttlMs: 10_000 }],
  ['RegisterInstance', { service: 's', instanceId: 'i', address: 'a', port: 80, ttlMs: 5_000 }],
  ['RenewInstances', { service: 's', instanceIds: ['i', 'j'] }],
  [
    'CreateShardMap',
    {
      map: 'm',
      keyspace: 'hash',
      shards: [{ shardId: 'a', start: 0, end: 2 ** 32, node: 'n' }],
    },
  ],
  [
    'PutRoute',
    { table: 't', routeId: 'r', match: { host: 'h' }, targets: [{ backend: 'b', weight: 1 }] },
  ],
  ['Batch', { commands: [{ command: 'PlaceTenant', data: { tenantId: 'x', cell: 'c' } }] }],
];

/** A number or text that some code somewhere takes for something else. */
const STRANGE: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => -1,
  () => 1e308,
  () => 2 ** 53,
  () => 0.1,
  () => '',
  () => '\u0000',
  () => '\ud800',
  () => '../../etc/passwd',
  () => "'; DROP TABLE resource; --",
  () => '\u202e\u{1f4a9}',
  () => '__proto__',
  () => 'constructor',
  () => ({ toString: 'x', hasOwnProperty: 1 }),
  () => [],
  () => [[[[[[[[[[]]]]]]]]]],
  () => true,
  (random) => 'x'.repeat(random.below(2_000)),
  (random) => Array.from({ length: random.below(300) }, () => ({})),
  (random) => nested(random.below(60)),
];
const EXPECTATIONS = [{ version: 1 }, { absent: true }, { exists: true }, { node: 'node-a' }];
const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'labels', 'ttlMs', 'x', ''];

const nested = (depth: number): unknown => (depth === 0 ? 1 : { deeper: nested(depth - 1) });
const pick = <T>(items: readonly T[], random: Random): T => items[random.below(items.length)] as T;

/** Replaces, adds or removes something anywhere in the envelope. */
function twist(value: unknown, random: Random, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || random.below(4) === 0 || depth > 4) {
    return pick(STRANGE, random)(random);
  }
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return [twist(items[0], random, depth + 1), ...items.slice(1)];
  }
  const entries = Object.entries(value as Readonly<Record<string, unknown>>);
  const at = random.below(entries.length + 2);
  if (at === entries.length)
    return { ...value, [pick(KEYS, random)]: pick(STRANGE, random)(random) };
  if (at > entries.length) return Object.fromEntries(entries.slice(1));
  const twisted = entries.map(([key, each], place) =>
    place === at ? [key, twist(each, random, depth + 1)] : [key, each],
  );
  return Object.fromEntries(twisted) as unknown;
}

/** The bytes of an envelope: twisted as a value, or spoiled as text. */
function spoiled(envelope: object, random: Random): Uint8Array {
  if (random.below(2) === 0) return Buffer.from(JSON.stringify(twist(envelope, random)));
  const bytes = Buffer.from(JSON.stringify(envelope));
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return random.below(5) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

const OUTCOMES = ['applied', 'noop', 'duplicate'];

/** Neither answered by the contract nor refused by it. */
function isOdd(reply: Reply): boolean {
  if (reply.error === undefined) return !OUTCOMES.includes(reply.outcome ?? '');
  return !Object.hasOwn(ERROR_CODES, reply.error.code) || reply.error.code === 'OUTCOME_UNKNOWN';
}

async function askAll<T>(
  count: number,
  make: (random: Random) => { subject: string; body: Uint8Array },
  judge: (reply: Reply, asked: { subject: string; body: Uint8Array }) => T | null,
): Promise<T[]> {
  const random = seededRandom(4_711);
  const found: T[] = [];
  for (let sent = 0; sent < count; sent += atOnce) {
    const asked = Array.from({ length: atOnce }, () => make(random));
    const replies = await Promise.all(asked.map(({ subject, body }) => ask(subject, body)));
    replies.forEach((reply, at) => {
      const finding = judge(reply, asked[at] as (typeof asked)[number]);
      if (finding !== null) found.push(finding);
    });
  }
  return found;
}

async function isHealthy(): Promise<void> {
  const commandId = crypto.randomUUID();
  const data = { tenantId: commandId, cell: 'eu-1' };
  const reply = await ask('cmd.prod.PlaceTenant', JSON.stringify({ commandId, data }));
  expect(reply.outcome).toBe('applied');
  expect((await fetch(`${node.http}/readyz`)).status).toBe(200);
  const complaints = node.text.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line));
  expect(complaints.slice(0, 3)).toEqual([]);
}

function shown({ subject, body }: { subject: string; body: Uint8Array }, reply: Reply): string {
  const asked = Buffer.from(body).toString().slice(0, 400);
  return `${subject} ${asked} → ${JSON.stringify(reply).slice(0, 200)}`;
}

describe('a node', () => {
  it(`answers ${envelopes} spoiled commands by the contract, and stays well`, async () => {
    const seen = new Map<string, number>();
    const odd = await askAll(
      envelopes,
      (random) => {
        const [command, data] = pick(COMMANDS, random);
        const envelope = {
          ...{ commandId: uuid(random), data, expect: pick(EXPECTATIONS, random) },
          ...{ meta: { actor: 'a', reason: 'b' }, deadline: inAnHour },
        };
        const namespace = pick(['prod', 'prod', 'acme'], random);
        return { subject: `cmd.${namespace}.${command}`, body: spoiled(envelope, random) };
      },
      (reply, asked) => {
        const what = reply.error?.code ?? reply.outcome ?? '';
        seen.set(what, (seen.get(what) ?? 0) + 1);
        return isOdd(reply) ? shown(asked, reply) : null;
      },
    );
    expect(odd).toEqual([]);
    // Not everything died at the first check.
    expect([...seen.keys()]).toEqual(
      expect.arrayContaining(['INVALID_ARGUMENT', 'VERSION_CONFLICT']),
    );
    await isHealthy();
  });

  it.each([
    ['leader commands', 'p.1.cmd', { namespace: 'prod', command: 'PlaceTenant', data: {} }],
    ['queries', 'query.prod.ListResources', { params: { node: 'a' }, limit: 5, cursor: 'x' }],
    ['look-ups', 'query.prod.GetTenant', { params: { tenantId: 'a' }, position: 'm1.a.1.1' }],
    ['watches', 'watch.prod', { watchId: 'w', filter: { kind: 'resource' }, from: 'now' }],
    ['administration', 'admin.n1.log.read', { partition: 1, from: 1, limit: 10 }],
  ])(`answers ${others} spoiled %s likewise`, async (_what, subject, envelope) => {
    const odd = await askAll(
      others,
      (random) => ({ subject, body: spoiled(envelope, random) }),
      (reply, asked) => {
        const { error } = reply;
        if (error === undefined) return null;
        const known = Object.hasOwn(ERROR_CODES, error.code) && error.code !== 'OUTCOME_UNKNOWN';
        return known ? null : shown(asked, reply);
      },
    );
    expect(odd.slice(0, 5)).toEqual([]);
    await isHealthy();
  });

  it('refuses frames that nobody of the cluster sealed, and counts them', async () => {
    const subject = `${broker.prefix}.raft.${broker.cluster}.n1`;
    for (let sent = 0; sent < 100; sent += 1) {
      nats.publish(subject, Buffer.alloc(sent * 10, sent), { reply: '_INBOX.forger.1' });
    }
    await nats.flush();
    await isHealthy();
    const metrics = await (await fetch(`${node.http}/metrics`)).text();
    const counts = [...metrics.matchAll(/^metad_transport_refused_frames_total\{.*\} (\d+)$/gm)];
    expect(counts.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(100);
  });

  it.each([
    ['malformed', '{"commandId": '],
    ['no object', '[1, 2, 3]'],
    ['nested without end', `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
    ['brackets without end', '['.repeat(100_000)],
    ['of a prototype', '{"__proto__": {"isAdmin": true}, "data": {}}'],
    ['of a prototype, escaped', '{"\\u005f_proto__": {"isAdmin": true}, "data": {}}'],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ])('refuses a body by HTTP that is %s', async (_what, body) => {
    const options = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${node.http}/api/v1/commands/prod/PlaceTenant`, options);
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as Reply;
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', definite: true });
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('refuses a body by HTTP above the limit, announced or not', async () => {
    const body = JSON.stringify({ data: 'x'.repeat(300 * 1024) });
    const options = { method: 'POST', body, headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${node.http}/api/v1/commands/prod/PlaceTenant`, options);
    expect(response.status).toBe(413);
    await isHealthy();
  });

  it.each([
    '/%E0%A4%A',
    '/api/v1/commands/%00/X',
    '/api/v1/watch/..%2f..',
    '//',
    '/api/v1/../../x',
  ])('answers the path %s without a fault', async (path) => {
    const response = await fetch(`${node.http}${path}`);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).not.toMatch(/node_modules|at .*\.js:\d+/);
  });
});
