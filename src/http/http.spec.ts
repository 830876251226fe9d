import 'reflect-metadata';
import { request as httpRequest } from 'node:http';
import { Module } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadError, subjectsUnder } from '@metad/contract';
import { AdminRouter } from '../admin/admin-router.js';
import { CONFIGURATION, KINDS_REGISTRY, TRACING } from '../app/tokens.js';
import type { NatsRequester } from '../app/nats/nats-requester.js';
import { NodeFacts } from '../app/node-facts.js';
import { encodeError, encodeReply } from '../app/nats/reply.js';
import { CommandService } from '../command/command.service.js';
import { KINDS } from '../kinds/index.js';
import { QueryEntry } from '../query/query-entry.js';
import { WatchedLog } from '../watch/testing/watched-log.js';
import { WatchedNode } from '../watch/testing/watched-node.js';
import { WatchService, type WatchSink } from '../watch/index.js';
import { AdminGate } from './admin-gate.js';
import { ApiController } from './api.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { UnservedPathFilter } from './unserved-path.filter.js';
import { WatchStreamController } from './watch-stream.controller.js';

const bytesMax = 1_000;
const log = new WatchedLog(1);
const node = new WatchedNode(log);

const commands = {
  execute: async (namespace: string, command: string, body: Uint8Array) =>
    command === 'Refused'
      ? encodeError(new MetadError('VERSION_CONFLICT', 'it is 8', { version: 8 }), null)
      : encodeReply({ namespace, command, body: Buffer.from(body).toString() }, null),
};
const watches = {
  open: (namespace: string, filter: object, from: string, sink: WatchSink) => {
    if (from.startsWith('m1.zz')) throw new MetadError('INCARNATION_CHANGED', 'another history');
    return node.watchOn(from, filter, namespace, sink);
  },
  positionOf: (watcher: never) => node.sessions.positionOf(watcher),
  close: (watcher: never) => node.sessions.close(watcher),
};
const unasked = { request: async () => ({ kind: 'noResponders', reason: 'nobody' }) };
const administration = new AdminRouter();

@Module({
  controllers: [ApiController, WatchStreamController, OpenApiController],
  providers: [
    { provide: APP_FILTER, useClass: UnservedPathFilter },
    { provide: CommandService, useValue: commands },
    { provide: QueryEntry, useValue: commands },
    { provide: WatchService, useValue: watches },
    { provide: CONFIGURATION, useValue: { limits: { requestBytesMax: bytesMax } } },
    { provide: TRACING, useValue: null },
    { provide: KINDS_REGISTRY, useValue: KINDS },
    { provide: NodeFacts, useValue: { version: '0.1.0' } },
    {
      provide: AdminGate,
      useValue: new AdminGate(
        administration,
        unasked as unknown as NatsRequester,
        subjectsUnder('metad.v1'),
        'n1',
        bytesMax,
      ),
    },
  ],
})
class TestModule {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  const module = await Test.createTestingModule({ imports: [TestModule] }).compile();
  app = module.createNestApplication({ bodyParser: false, logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(() => app.close());

const post = (path: string, body: string, type = 'application/json') =>
  fetch(`${url}${path}`, { method: 'POST', body, headers: { 'content-type': type } });
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; status: number } }).error;

describe('a command by HTTP', () => {
  it('passes through as it is', async () => {
    const response = await post('/api/v1/commands/prod/Do', '{"data":{"a":1}}');
    expect(response.status).toBe(200);
    const expected = { namespace: 'prod', command: 'Do', body: '{"data":{"a":1}}' };
    expect(await response.json()).toEqual(expected);
  });

  it('carries the status of its error', async () => {
    const response = await post('/api/v1/commands/prod/Refused', '{}');
    expect(response.status).toBe(409);
    expect(await errorOf(response)).toMatchObject({ code: 'VERSION_CONFLICT', status: 409 });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    'is refused as %p, which a page of another origin could send',
    async (type) => {
      const response = await post('/api/v1/commands/prod/Do', '{}', type);
      expect(await errorOf(response)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    },
  );

  it('is refused above the limit', async () => {
    const response = await post('/api/v1/commands/prod/Do', 'x'.repeat(bytesMax + 1));
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: 'TOO_LARGE' });
  });

  it('is refused above the limit also when its length was not announced', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
      const sent = httpRequest(
        `${url}/api/v1/commands/prod/Do`,
        { method: 'POST', headers },
        (got) => resolve(got.statusCode),
      );
      sent.on('error', reject);
      for (let chunk = 0; chunk < 4; chunk += 1) sent.write('x'.repeat(bytesMax / 2));
      sent.end();
    });
    expect(status).toBe(413);
  });
});

describe('administration by HTTP', () => {
  it('says that there is no such node, act or path', async () => {
    const other = await post('/api/v1/admin/n9/node/describe', '{}');
    expect(await errorOf(other)).toMatchObject({ code: 'NOT_FOUND' });
    const act = await post('/api/v1/admin/n1/fence/paint', '{}');
    expect(await errorOf(act)).toMatchObject({ code: 'UNKNOWN_COMMAND' });
  });
});

describe('a path that nothing serves', () => {
  it.each([
    ['GET', '/api/v1/nothing/here'],
    ['GET', '/nope'],
    ['PUT', '/nope?a=b'],
    ['GET', '/api/v1/commands/prod/Do'],
    ['DELETE', '/openapi.json'],
  ])('is answered with the error body of everything else: %s %s', async (method, path) => {
    const response = await fetch(`${url}${path}`, { method });
    expect(response.headers.get('content-type')).toContain('application/json');
    expect([response.status, await errorOf(response)]).toEqual([
      404,
      {
        ...{ code: 'NOT_FOUND', status: 404, definite: true, retryable: false, details: {} },
        message: `no ${method} on ${path.split('?')[0]}; see /docs`,
      },
    ]);
  });

  it('is a fault of the caller where it cannot be decoded', async () => {
    const response = await fetch(`${url}/api/v1/admin/n1/a/%ff`, { method: 'POST', body: '{}' });
    expect([response.status, await errorOf(response)]).toEqual([
      400,
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    ]);
  });
});

describe('a watch by HTTP', () => {
  /** Reads events until `count` have come. */
  async function events(path: string, count: number, headers = {}): Promise<string[]> {
    const controller = new AbortController();
    const response = await fetch(`${url}${path}`, { headers, signal: controller.signal });
    let text = '';
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      if (text.split('\n\n').length > count + 1) break;
    }
    controller.abort();
    return text.split('\n\n').slice(1, count + 1);
  }

  it('streams events whose ids are places to go on from', async () => {
    log.append(1, { key: 'a', value: { node: 'n1' } });
    const [first, end] = await events('/api/v1/watch/prod?from=snapshot&node=n1', 2);
    expect(first).toMatch(/^event: snapshot\ndata: \{"event":"snapshot",/);
    expect(end).toMatch(/^id: m1\.aa\.1\.1\nevent: snapshot-end\n/);
  });

  it('goes on after what the browser saw last', async () => {
    log.append(1, { key: 'b', value: { node: 'n1' } });
    log.append(1, { key: 'c', value: { node: 'n1' } });
    const seen = { 'last-event-id': 'm1.aa.1.2' };
    const [next] = await events('/api/v1/watch/prod?from=snapshot', 1, seen);
    expect(next).toMatch(/^id: m1\.aa\.1\.3\nevent: change\n.*"id":"c"/);
  });

  it('is refused with an error body', async () => {
    const response = await fetch(`${url}/api/v1/watch/prod?from=m1.zz.1.1`);
    expect(response.status).toBe(410);
    expect(await errorOf(response)).toMatchObject({ code: 'INCARNATION_CHANGED' });
  });

  it('ends on the node when its reader leaves', async () => {
    await events('/api/v1/watch/prod?from=snapshot', 1);
    for (let tries = 0; node.sessions.size > 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(node.sessions.size).toBe(0);
  });
});

describe('the description of the interface', () => {
  interface Document {
    readonly paths: Readonly<Record<string, { post: { requestBody: object } }>>;
  }

  it('has every command and query', async () => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
    const paths = Object.keys(document.paths);
    for (const name of [...KINDS.commandNames(), 'Batch']) {
      expect(paths).toContain(`/api/v1/commands/{namespace}/${name}`);
    }
    expect(paths).toContain('/api/v1/queries/{namespace}/GetResource');
    const assign = document.paths['/api/v1/commands/{namespace}/AssignResource'];
    expect(JSON.stringify(assign?.post.requestBody)).toContain('"tenantId":{"type":"string"');
  });

  it('is a page that loads nothing else', async () => {
    const response = await fetch(`${url}/docs`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(page).toContain('AssignResource');
    expect(page).not.toMatch(/<script|src=|https?:\/\//);
  });
});
