import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadClient } from '@metad/client';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { createUser } from '@nats-io/nkeys';
import { testPort } from '../fixtures/ports.js';
import {
  findNatsServer,
  startNatsServer,
  type RealNatsServer,
} from '../fixtures/broker/nats-server.js';

const configuration = fileURLToPath(new URL('../../deploy/nats/metad.conf', import.meta.url));
const nodeProgram = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const binary = findNatsServer();

let folder: string;
let server: RealNatsServer;
let node: ChildProcess;
let seed: Uint8Array;

beforeAll(async () => {
  if (binary === null) return;
  folder = mkdtempSync(join(tmpdir(), 'metad-permissions-'));
  const key = createUser();
  seed = key.getSeed();
  const settings = [
    `METAD_NODE_KEY: "${key.getPublicKey()}"`,
    'METAD_ACME_PASSWORD: "acme-password"',
    'METAD_OPS_PASSWORD: "ops-password"',
    readFileSync(configuration, 'utf8'),
  ];
  const settingsFile = join(folder, 'nats.conf');
  writeFileSync(settingsFile, settings.join('\n'));
  server = await startNatsServer(binary, await testPort(), ['-c', settingsFile]);
  const seedFile = join(folder, 'node.nk');
  writeFileSync(seedFile, seed, { mode: 0o600 });
  node = spawn(process.execPath, [nodeProgram], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      METAD_NODE: 'n1',
      METAD_PARTITIONS: '2',
      METAD_DATA_DIR: join(folder, 'n1'),
      METAD_HTTP_PORT: '0',
      NATS_URL: server.url,
      NATS_NKEY: seedFile,
      DATABASE_URL: '',
    },
  });
  await untilReady(node);
}, 300_000);

afterAll(async () => {
  if (binary === null) return;
  node.kill('SIGTERM');
  await once(node, 'exit');
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function untilReady(child: ChildProcess): Promise<void> {
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.includes('"msg":"ready"')) break;
  }
  child.stdout?.resume();
}

interface User {
  readonly name: string;
  readonly inboxPrefix: string;
  open(): Promise<NatsConnection>;
}

const byPassword = (user: string, inboxPrefix: string): User => ({
  name: user,
  inboxPrefix,
  open: () => connect({ servers: server.url, user, pass: `${user}-password`, inboxPrefix }),
});
const acme = byPassword('acme', '_INBOX.acme');
const ops = byPassword('ops', '_INBOX.ops');
const nodeUser: User = {
  name: 'node',
  inboxPrefix: '_INBOX',
  open: () => connect({ servers: server.url, authenticator: nkeyAuthenticator(seed) }),
};

/** What the broker says about one act: `allowed`, or which operation it refused. */
async function verdictOn(
  user: User,
  act: 'publish' | 'subscription',
  subject: string,
): Promise<string> {
  const connection = await user.open();
  const refusals: string[] = [];
  const following = (async () => {
    for await (const status of connection.status()) {
      const { error } = status as { error?: { operation?: string; subject?: string } };
      if (error?.subject === subject) refusals.push(`${error.operation} refused`);
    }
  })();
  if (act === 'publish') connection.publish(subject, '{}');
  else connection.subscribe(subject, { callback: () => undefined });
  await connection.flush();
  await connection.close();
  await following;
  return refusals[0] ?? 'allowed';
}

const subjectsOf = (namespace: string) => ({
  command: `metad.v1.cmd.${namespace}.AssignResource`,
  query: `metad.v1.query.${namespace}.GetResource`,
  watch: `metad.v1.watch.${namespace}`,
  events: `metad.v1.evt.${namespace}.>`,
});
const own = subjectsOf('acme');
const foreign = subjectsOf('bolt');
const others = [
  'metad.v1.p.1.cmd',
  'metad.v1.p.1.query',
  'metad.v1.p._watch.close',
  'metad.v1.raft.metad.n1',
  'metad.v1.evt.acme.resource.db-1',
  '$SRV.PING.metad',
  '_INBOX.bolt.x',
];

type Row = readonly [User, 'publish' | 'subscription', readonly string[]];
const allowed: readonly Row[] = [
  [acme, 'publish', [own.command, own.query, own.watch]],
  [acme, 'subscription', ['_INBOX.acme.>', own.events]],
  [ops, 'publish', ['metad.v1.admin._any.cluster.map', 'metad.v1.admin.n1.node.describe']],
  [ops, 'subscription', ['_INBOX.ops.>']],
  [nodeUser, 'publish', [...others.slice(0, 5), '_INBOX.acme.x']],
  [nodeUser, 'subscription', ['metad.v1.cmd.*.*', 'metad.v1.raft.metad.n1', '$SRV.PING']],
];
const forbidden: readonly Row[] = [
  [acme, 'publish', [foreign.command, foreign.query, foreign.watch, ...others]],
  [acme, 'publish', ['metad.v1.query._all.ListResources', 'metad.v1.admin._any.cluster.map']],
  [acme, 'subscription', ['>', 'metad.v1.>', foreign.events, '_INBOX.>', '_INBOX.ops.>']],
  [acme, 'subscription', ['metad.v1.cmd.acme.*', 'metad.v1.raft.>', 'metad.v1.p.>']],
  [ops, 'publish', [own.command, own.query, own.watch, ...others.slice(0, 5)]],
  [ops, 'subscription', ['>', '_INBOX.acme.>', 'metad.v1.evt.>', 'metad.v1.admin.>']],
  [nodeUser, 'publish', [own.command, own.query, 'somewhere.else']],
  [nodeUser, 'subscription', ['>', 'somewhere.else']],
];
const flat = (rows: readonly Row[]) =>
  rows.flatMap(([user, act, subjects]) =>
    subjects.map((subject) => ({ user, act, subject, name: user.name })),
  );

function permissions(): void {
  it.each(flat(allowed))('$name: $act of $subject is allowed', async ({ user, act, subject }) => {
    expect(await verdictOn(user, act, subject)).toBe('allowed');
  });

  it.each(flat(forbidden))('$name: $act of $subject is refused', async ({ user, act, subject }) => {
    expect(await verdictOn(user, act, subject)).toBe(`${act} refused`);
  });

  it('can do its work: a tenant service through the client library', async () => {
    const connection = await acme.open();
    const options = { namespace: 'acme', inboxPrefix: acme.inboxPrefix };
    const client = await MetadClient.over(connection, options);
    const name = { tenantId: 'acme', resourceId: 'db-1' };
    const changes = client
      .watch({ kind: 'resource' }, { from: 'snapshot' })
      [Symbol.asyncIterator]();
    expect((await changes.next()).value).toMatchObject({ event: 'snapshot-end' });
    await client.command('AssignResource', { ...name, node: 'node-a' });
    expect((await changes.next()).value).toMatchObject({ type: 'ResourceAssigned' });
    const strictly = { consistency: 'linearizable' } as const;
    expect((await client.query('GetResource', name, strictly)).item.node).toBe('node-a');
    await expect(client.in('bolt').command('EvictTenant', { tenantId: 'x' })).rejects.toMatchObject(
      {
        code: 'FORBIDDEN',
      },
    );
    await changes.return?.();
    await client.close();
    await connection.close();
  });

  it('can do its work: an operator', async () => {
    const connection = await ops.open();
    const reply = await connection.request('metad.v1.admin.n1.node.describe', '{}', {
      timeout: 5_000,
    });
    expect(reply.json()).toMatchObject({ node: 'n1' });
    await connection.close();
  });
}

if (binary !== null) describe('each user', permissions);
else if (process.env['METAD_TEST_NATS_SERVER'] === 'required') {
  it('has a nats-server to be proved on', () => {
    throw new Error('no nats-server here: install it, or name one in NATS_SERVER');
  });
} else {
  // The embedded broker has no users and no permissions: there is nothing else to prove it on. The
  // name stands in the output, so that nobody takes the silence for a proof.
  it('NOT PROVED: permissions of users, as there is no nats-server on this machine', () => {
    expect(findNatsServer()).toBeNull();
  });
}
