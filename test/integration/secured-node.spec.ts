import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createUser } from '@nats-io/nkeys';
import { createToken } from '../../src/http/access/create-token.js';
import {
  makeAccount,
  makeCertificates,
  type Certificates,
} from '../fixtures/secured/broker-accounts.js';
import {
  findNatsServer,
  startNatsServer,
  type RealNatsServer,
} from '../fixtures/broker/nats-server.js';
import { testPort } from '../fixtures/ports.js';
import { OneNode } from '../fixtures/secured/one-node.js';
import { openTestDatabase, type TestDatabase } from '../fixtures/test-database.js';

const metactl = fileURLToPath(new URL('../../dist/src/cli/metactl/main.js', import.meta.url));
const binary = findNatsServer();
const suite = binary === null ? 'without nats-server nothing is proved here' : 'a secured node';
const SECRETS = ['first-node-secret-4711', 'second-node-secret-0815', 'very/secret+password'];
const writer = createToken(['--name', 'ci', '--role', 'writer', '--namespace', 'prod'], Date.now());
const operator = createToken(['--name', 'ops', '--role', 'operator'], Date.now());

let folder: string;
let certificates: Certificates;
let broker: RealNatsServer;
let database: TestDatabase;
let node: OneNode;
let env: NodeJS.ProcessEnv;
let credentials: string;

const tlsOf = ({ ca, cert, key }: Certificates): string =>
  `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${ca}", verify: true }`;

/** A broker that speaks TLS alone and takes certified clients only, with `more` on top. */
async function startBroker(name: string, more: string): Promise<RealNatsServer> {
  const file = join(folder, `${name}.conf`);
  writeFileSync(file, `${tlsOf(certificates)}\n${more}\n`);
  return startNatsServer(binary as string, await testPort(), ['-c', file]);
}

beforeAll(async () => {
  if (binary === null) return;
  folder = mkdtempSync(join(tmpdir(), 'metad-secured-'));
  certificates = makeCertificates(join(folder, 'tls'));
  const account = makeAccount();
  credentials = account.credentials;
  broker = await startBroker('accounts', account.configuration);
  database = await openTestDatabase();
  const credsFile = join(folder, 'node.creds');
  writeFileSync(credsFile, account.credentials, { mode: 0o600 });
  const tokensFile = join(folder, 'tokens.yaml');
  writeFileSync(tokensFile, writer.entry);
  const url = new URL(database.url);
  if (url.password === '') url.password = encodeURIComponent(SECRETS[2] ?? '');
  env = {
    NATS_URL: `tls://127.0.0.1:${broker.port}`,
    NATS_CREDS: credsFile,
    NATS_TLS_CA: certificates.ca,
    NATS_TLS_CERT: certificates.clientCert,
    NATS_TLS_KEY: certificates.clientKey,
    DATABASE_URL: url.href,
    METAD_NODE_SECRET: SECRETS.slice(0, 2).join(','),
    METAD_HTTP_HOST: '0.0.0.0',
    METAD_HTTP_TOKENS_FILE: tokensFile,
    METAD_HTTP_TLS_CERT: certificates.cert,
    METAD_HTTP_TLS_KEY: certificates.key,
    METAD_LOG_LEVEL: 'trace',
  };
  node = await OneNode.start(folder, env);
}, 300_000);

afterAll(async () => {
  if (binary === null) return;
  await node.stop();
  await database.close();
  await broker.close();
  rmSync(folder, { recursive: true, force: true });
});

interface HttpAnswer {
  readonly status: number;
  readonly body: Record<string, unknown> & { error?: { code: string } };
  readonly text: string;
}

function https(path: string, token?: string, body?: object): Promise<HttpAnswer> {
  const url = new URL(path, node.http.replace('0.0.0.0', '127.0.0.1'));
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve, reject) => {
    const options = { method, headers, ca: readFileSync(certificates.ca), agent: false } as const;
    const sent = httpsRequest(url, options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const isJson = (response.headers['content-type'] ?? '').includes('json');
        const parsed = (isJson ? JSON.parse(text) : {}) as HttpAnswer['body'];
        resolve({ status: response.statusCode ?? 0, body: parsed, text });
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function runMetactl(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env['PATH'], HOME: folder, ...env } };
    execFile(process.execPath, [metactl, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

const uuid = (): string => crypto.randomUUID();
const place = (tenantId: string, more: object = {}) => ({
  commandId: uuid(),
  data: { tenantId, cell: 'eu-1' },
  ...more,
});
const only = binary === null ? [] : [1];

describe(suite, () => {
  it.each(only)('serves over TLS, with credentials, a certificate and a token', async () => {
    expect((await https('/livez')).status).toBe(200);
    const none = await https('/api/v1/commands/prod/PlaceTenant', undefined, place('a'));
    expect([none.status, none.body.error?.code]).toEqual([401, 'UNAUTHENTICATED']);
    const done = await https('/api/v1/commands/prod/PlaceTenant', writer.token, place('a'));
    expect([done.status, done.body['outcome']]).toEqual([200, 'applied']);
    const other = await https('/api/v1/commands/test/PlaceTenant', writer.token, place('a'));
    expect([other.status, other.body.error?.code]).toEqual([403, 'FORBIDDEN']);
    expect((await https('/metrics', writer.token)).text).toContain('metad_http_refused_total');
  });

  it.each(only)('is reached by metactl with the same settings, and by nobody without', async () => {
    const listed = await runMetactl('get', 'tenant', 'a', '-n', 'prod', '-o', 'json');
    expect([listed.code, listed.err]).toEqual([0, '']);
    expect(JSON.parse(listed.out)).toMatchObject({ item: { id: 'a' } });
    const { NATS_CREDS: creds, ...without } = env;
    expect(creds).toBeDefined();
    const kept = env;
    env = without;
    const refused = await runMetactl('cluster', 'status');
    env = kept;
    expect(refused.code).toBe(2);
  });

  it.each(only)('takes new tokens on SIGHUP and forgets old ones', async () => {
    const admin = '/api/v1/admin/n1/log-level/set';
    expect((await https(admin, operator.token, { level: 'info' })).status).toBe(401);
    writeFileSync(join(folder, 'tokens.yaml'), operator.entry);
    const from = node.text.length;
    node.signal('SIGHUP');
    await node.writes(/tokens read again/, from);
    expect((await https('/metrics', writer.token)).status).toBe(401);
    const set = await https(admin, operator.token, { level: 'info' });
    expect([set.status, set.body]).toEqual([200, { level: 'info', before: 'trace' }]);
  });

  it.each(only)('changes what it logs while it runs', async () => {
    const set = await runMetactl('node', 'log-level', 'n1', 'debug', '-o', 'json');
    expect(JSON.parse(set.out)).toEqual({ level: 'debug', before: 'info' });
    const wrong = await runMetactl('node', 'log-level', 'n1', 'loud');
    expect(wrong.code).not.toBe(0);
    await runMetactl('node', 'log-level', 'n1', 'trace');
  });

  it.each(only)('has written down who did what, and what was refused', async () => {
    const conflict = place('a', { expect: { version: 77 }, meta: { actor: 'scheduler' } });
    const refused = await https('/api/v1/commands/prod/PlaceTenant', operator.token, conflict);
    expect(refused.status).toBe(409);
    const { out, code, err } = await runMetactl('audit', 'list', '--node', 'n1', '-o', 'json');
    expect([code, err]).toEqual([0, '']);
    const rows = JSON.parse(out) as Record<string, unknown>[];
    const found = (wanted: object) => expect(rows).toContainEqual(expect.objectContaining(wanted));
    found({ kind: 'command', actor: 'token:ops', outcome: 'VERSION_CONFLICT', via: 'http' });
    found({ kind: 'access', actor: 'token:ci', outcome: 'FORBIDDEN' });
    found({ kind: 'access', actor: null, outcome: 'UNAUTHENTICATED' });
    found({ kind: 'administration', actor: 'token:ops', action: 'log-level.set', outcome: 'done' });
    found({
      ...{ kind: 'administration', action: 'log-level.set', via: 'nats' },
      ...{ actor: expect.stringMatching(/^\S+@\S+$/), outcome: 'INVALID_ARGUMENT' },
    });
    const forOperators = await https('/api/v1/admin/n1/audit/list', operator.token, { limit: 1 });
    expect(forOperators.status).toBe(200);
  });

  it.each(only)('has written no secret anywhere', async () => {
    const { out } = await runMetactl('cluster', 'status');
    const everything = `${node.text}${out}`;
    const password = new URL(env['DATABASE_URL'] ?? '').password;
    const [seed = ''] = /SU[A-Z0-9]{50,}/.exec(credentials) ?? [];
    const secrets = [...SECRETS.slice(0, 2), password, decodeURIComponent(password), seed];
    for (const secret of [...secrets, writer.token, operator.token]) {
      expect(secret.length).toBeGreaterThan(7);
      expect(everything.includes(secret)).toBe(false);
    }
    expect(node.text).toContain('"level":"debug"');
  });

  it.each(only)('runs on an NKey too', async () => {
    const user = createUser();
    const seedFile = join(folder, 'node.nk');
    writeFileSync(seedFile, `${Buffer.from(user.getSeed()).toString()}\n`, { mode: 0o600 });
    const users = `authorization { users = [{ nkey: "${user.getPublicKey()}" }] }`;
    const second = await startBroker('nkey', users);
    const { NATS_CREDS: creds, DATABASE_URL: url, ...rest } = env;
    expect([creds, url]).not.toContain(undefined);
    const own = { ...rest, NATS_URL: `tls://127.0.0.1:${second.port}`, NATS_NKEY: seedFile };
    const other = await OneNode.start(join(folder, 'other'), own);
    const kept = env;
    env = own;
    const status = await runMetactl('partition', 'list', '-o', 'json');
    env = kept;
    expect([status.code, status.err]).toEqual([0, '']);
    expect(await other.stop()).toBe(0);
    await second.close();
  });
});
