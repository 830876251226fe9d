import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callerName } from './caller.js';
import { createToken } from './create-token.js';
import { FailedAttempts } from './failed-attempts.js';
import { FrontDoor, type FrontDoorOptions, type RefusedAccess } from './front-door.js';
import { TokenBook } from './token-book.js';
import { hashOf, newToken, parseTokensFile, type Role } from './tokens-file.js';

const folder = mkdtempSync(join(tmpdir(), 'metad-tokens-'));
const tokensFile = join(folder, 'tokens.json');
const tokens = {
  reader: newToken(),
  prodReader: newToken(),
  writer: newToken(),
  operator: newToken(),
  expired: newToken(),
};
const entry = (name: keyof typeof tokens, role: Role, more: object = {}) => ({
  ...{ name, role, sha256: hashOf(tokens[name]).toString('hex') },
  ...more,
});
const writeTokens = (entries: readonly object[]): void =>
  writeFileSync(tokensFile, JSON.stringify({ tokens: entries }));
const ALL = [
  entry('reader', 'reader'),
  entry('prodReader', 'reader', { namespaces: ['prod'] }),
  entry('writer', 'writer', { namespaces: ['prod', 'test'] }),
  entry('operator', 'operator'),
  entry('expired', 'operator', { expires: '2020-01-01T00:00:00Z' }),
];
writeTokens(ALL);

const refused: RefusedAccess[] = [];
const told: string[] = [];
const book = new TokenBook(tokensFile, {
  onReload: (count) => told.push(`${count} tokens`),
  onTrouble: (reason) => told.push(reason),
});

function serverWith(options: Partial<FrontDoorOptions>): Promise<Server> {
  const door = new FrontDoor({
    tokens: null,
    loopbackNames: null,
    isTls: false,
    onlyReads: (noun, verb) => `${noun}.${verb}` === 'partition.describe',
    onRefused: (one) => refused.push(one),
    ...options,
  });
  const app = express();
  app.use(door.handle);
  app.use((request, response) => {
    response.json({ path: request.path, caller: callerName(request) });
  });
  return new Promise((resolve) => {
    const server = createServer(app).listen(0, '127.0.0.1', () => resolve(server));
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
let guarded: Server;
let open: Server;
let throttled: Server;

beforeAll(async () => {
  guarded = await serverWith({ tokens: book });
  open = await serverWith({ loopbackNames: ['metad.example'] });
  throttled = await serverWith({ tokens: book });
});
afterAll(() => {
  for (const server of [guarded, open, throttled]) server.close();
});

interface Answer {
  readonly status: number;
  readonly code?: string;
  readonly caller?: string | null;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** By hand: `fetch` does not let a test set `Host`, `Origin` or `Sec-Fetch-Site`. */
function call(server: Server, method: string, path: string, headers = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port: portOf(server), host: '127.0.0.1', method, path, headers };
    const sent = httpRequest(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        const body = (text === '' ? {} : JSON.parse(text)) as {
          error?: { code: string };
          caller?: string | null;
        };
        const { statusCode: status = 0, headers: got } = response;
        const code = body.error?.code;
        const known = { ...(code !== undefined && { code }), caller: body.caller ?? null };
        resolve({ status, headers: got, ...known });
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}
const withToken = (name: keyof typeof tokens) => ({ authorization: `Bearer ${tokens[name]}` });

const GET = 'GET';
const POST = 'POST';
type Access = readonly [method: string, path: string, who: readonly (keyof typeof tokens)[]];
const everybody = ['reader', 'prodReader', 'writer', 'operator'] as const;
const access: readonly Access[] = [
  [GET, '/metrics', everybody],
  [POST, '/api/v1/queries/prod/GetTenant', everybody],
  [POST, '/api/v1/queries/test/GetTenant', ['reader', 'writer', 'operator']],
  [POST, '/api/v1/queries/other/GetTenant', ['reader', 'operator']],
  [POST, '/api/v1/queries/_all/ListTenants', ['reader', 'operator']],
  [GET, '/api/v1/watch/prod?from=now', everybody],
  [GET, '/api/v1/watch/_all', ['reader', 'operator']],
  [POST, '/api/v1/commands/prod/PlaceTenant', ['writer', 'operator']],
  [POST, '/api/v1/commands/pro%64/PlaceTenant', ['writer', 'operator']],
  [POST, '/api/v1/commands/other/PlaceTenant', ['operator']],
  [POST, '/api/v1/commands/other%2Fprod/PlaceTenant', ['operator']],
  [POST, '/api/v1/commands/%zz/PlaceTenant', ['operator']],
  [POST, '/api/v1/admin/_any/partition/describe', ['reader', 'operator']],
  [POST, '/api/v1/admin/n2/partition/transfer', ['operator']],
  [POST, '/api/v1/admin/n2/unknown/verb', ['operator']],
  [GET, '/api/v1/admin', ['reader', 'operator']],
  [GET, '/api/v1/dashboard/overview', ['reader', 'operator']],
  [POST, '/api/v1/dashboard/anything', ['operator']],
  [POST, '/API/v1/commands/prod/PlaceTenant', ['operator']],
  [POST, '//api/v1/commands/prod/PlaceTenant', ['operator']],
  [GET, '/something-new', ['operator']],
  ['DELETE', '/', ['operator']],
];

describe('access with tokens', () => {
  const rows = access.map(([method, path, who]) => ({ method, path, who, names: who.join(', ') }));
  it.each(rows)('$method $path is for $names', async ({ method, path, who }) => {
    const allowed = [];
    for (const name of everybody) {
      const { status, code, caller } = await call(guarded, method, path, withToken(name));
      if (status === 200) allowed.push(name);
      if (status === 200) expect(caller).toBe(`token:${name}`);
      else expect([status, code]).toEqual([403, 'FORBIDDEN']);
    }
    expect(allowed).toEqual(who);
  });

  it.each(['/livez', '/readyz', '/readyz?verbose', '/startupz', '/', '/docs', '/openapi.json'])(
    '%s needs none',
    async (path) => {
      expect((await call(guarded, GET, path)).status).toBe(200);
    },
  );

  it.each([
    ['none', {}],
    ['one that is not known', { authorization: `Bearer ${newToken()}` }],
    ['one that has expired', withToken('expired')],
    ['the hash of one', { authorization: `Bearer ${hashOf(tokens.operator).toString('hex')}` }],
    ['another scheme', { authorization: `Basic ${tokens.operator}` }],
    ['an endless one', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('%s is refused, and says so', async (_what, headers) => {
    const before = refused.length;
    const answer = await call(guarded, POST, '/api/v1/commands/prod/PlaceTenant', headers);
    expect([answer.status, answer.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(refused.slice(before)).toMatchObject([{ code: 'UNAUTHENTICATED', name: null }]);
  });

  it('is slowed for who keeps failing, without keeping out who has a token', async () => {
    const wrong = { authorization: `Bearer ${newToken()}` };
    const answers = [];
    for (let tries = 0; tries < 30; tries += 1) {
      answers.push((await call(throttled, GET, '/metrics', wrong)).status);
    }
    expect(answers.filter((status) => status === 401)).toHaveLength(20);
    const last = await call(throttled, GET, '/metrics', wrong);
    expect([last.status, last.code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect((await call(throttled, GET, '/metrics', withToken('reader'))).status).toBe(200);
  });

  it('follows the file, and keeps what it knew when the file is spoiled', async () => {
    const metrics = () => call(guarded, GET, '/metrics', withToken('reader'));
    writeTokens(ALL.filter(({ name }) => name !== 'reader'));
    book.reload();
    expect((await metrics()).status).toBe(401);
    writeFileSync(tokensFile, 'tokens: [');
    book.reload();
    expect(book.size).toBe(4);
    writeTokens(ALL);
    book.reload();
    expect((await metrics()).status).toBe(200);
    expect(told).toEqual([
      '4 tokens',
      expect.stringMatching(/is neither YAML nor JSON/),
      '5 tokens',
    ]);
  });
});

describe('a page of another origin', () => {
  const path = '/api/v1/commands/prod/PlaceTenant';
  const host = 'localhost:8080';
  it.each([
    ['another origin', { host, origin: 'https://evil.example' }],
    ['another port', { host, origin: 'http://localhost:9999' }],
    ['no origin that it admits to', { host, origin: 'null' }],
    ['another site', { host, 'sec-fetch-site': 'cross-site' }],
    ['a neighbour', { host, 'sec-fetch-site': 'same-site' }],
    ['a name pointed at this machine', { host: 'evil.example:8080' }],
    [
      'a name pointed at this machine, as its own origin',
      {
        host: 'evil.example',
        origin: 'http://evil.example',
        'sec-fetch-site': 'same-origin',
      },
    ],
    ['a name that begins like ours', { host: 'localhost.evil.example' }],
    ['what is no name', { host: 'local host' }],
  ])('is refused: %s', async (_what, headers) => {
    const answer = await call(open, POST, path, headers);
    expect([answer.status, answer.code]).toEqual([403, 'FORBIDDEN']);
  });

  it.each([
    ['a program', { host }],
    ['the address', { host: '127.0.0.1' }],
    ['the sixth version of it', { host: '[::1]:8080' }],
    ['a name that was given', { host: 'METAD.example' }],
    ['a page of this node', { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }],
  ])('is not what this is: %s', async (_what, headers) => {
    expect((await call(open, POST, path, headers)).status).toBe(200);
  });

  it('may link to this node, and read nothing', async () => {
    const linked = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await call(open, GET, '/', linked)).status).toBe(200);
    const read = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await call(open, GET, '/api/v1/watch/prod', read)).status).toBe(403);
  });
});

describe('every answer', () => {
  it.each([
    ['given', GET, '/', {}],
    ['refused', POST, '/api/v1/commands/a/B', { host: 'evil.example' }],
  ])('%s has its headers', async (_what, method, path, headers) => {
    const { headers: got } = await call(open, method, path, headers);
    const policy = String(got['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(got).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
});

describe('a new token', () => {
  it('is shown once and known by its hash', () => {
    const made = createToken(['--role', 'writer', '--namespace', 'prod', '--expires', '90d'], 0);
    const { entries, faults } = parseTokensFile(made.entry);
    expect(faults).toEqual([]);
    expect(entries).toMatchObject([{ role: 'writer', namespaces: ['prod'] }]);
    expect(entries[0]?.hash).toEqual(hashOf(made.token));
    expect(entries[0]?.expiresAt).toBe(90 * 86_400_000);
    expect(made.entry).not.toContain(made.token);
    expect(made.token).toMatch(/^metad_[A-Za-z0-9_-]{43}$/);
  });

  it.each([
    [['--role', 'king']],
    [['--role', 'writer']],
    [['--role', 'operator', '--namespace', 'prod']],
    [['--role', 'reader', '--namespace', 'a.b']],
    [['--role', 'reader', '--expires', 'soon']],
    [['--rule', 'reader']],
    [[]],
  ])('is not made with %j', (args) => {
    expect(() => createToken(args, 0)).toThrow();
  });
});

describe('failed attempts', () => {
  it('are counted for a bounded number of addresses, each for a minute', () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    for (let address = 0; address < 5_000; address += 1) attempts.fail(`10.0.0.${address}`);
    expect(attempts.size).toBe(1_024);
    for (let tries = 0; tries < 20; tries += 1) expect(attempts.fail('a')).toBeNull();
    expect(attempts.fail('a')).toBe(60_000);
    now = 60_000;
    expect(attempts.fail('a')).toBeNull();
  });
});
