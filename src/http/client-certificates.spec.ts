import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  makeCertificates,
  type Certificates,
} from '../../test/fixtures/secured/broker-accounts.js';
import { callerName } from './access/caller.js';
import { FrontDoor } from './access/front-door.js';
import { LimitedAdapter } from './http-server.js';

@Controller()
class Who {
  @Get('who')
  who(@Req() request: Request, @Res() response: Response): void {
    response.json({ caller: callerName(request) });
  }
}

@Module({ controllers: [Who] })
class WhoModule {}

let folder: string;
let certificates: Certificates;
let app: NestExpressApplication;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'metad-mtls-'));
  certificates = makeCertificates(folder);
  const { cert, key, ca } = certificates;
  const adapter = new LimitedAdapter({ cert, key, ca });
  const options = { logger: false, bodyParser: false } as const;
  app = await NestFactory.create<NestExpressApplication>(WhoModule, adapter, options);
  const door = new FrontDoor({
    ...{ tokens: null, loopbackNames: null, isTls: true },
    onlyReads: () => false,
    onRefused: () => undefined,
  });
  app.use(door.handle);
  await app.listen(0, '127.0.0.1');
  port = ((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** The body, or why there was none. */
function ask(own: { cert?: Buffer; key?: Buffer }): Promise<string> {
  const { ca } = certificates;
  const options = { host: '127.0.0.1', port, path: '/who', agent: false, ca: readFileSync(ca) };
  return new Promise((resolve) => {
    const sent = httpsRequest({ ...options, ...own }, (response) => {
      let text = String(response.headers['strict-transport-security']);
      response.on('data', (chunk: Buffer) => (text += ` ${chunk.toString()}`));
      response.on('end', () => resolve(text));
    });
    sent.on('error', (error) => resolve(`refused: ${error.message}`));
    sent.end();
  });
}

describe('where client certificates are asked for', () => {
  it('one of the authority is let in, by its name', async () => {
    const [cert, key] = [certificates.clientCert, certificates.clientKey];
    const answer = await ask({ cert: readFileSync(cert), key: readFileSync(key) });
    expect(answer).toBe('max-age=31536000 {"caller":"certificate:ops"}');
  });

  it('nobody gets a connection without one, or with one of another authority', async () => {
    expect(await ask({})).toMatch(/^refused: /);
    const other = makeCertificates(join(folder, 'other'));
    const foreign = { cert: readFileSync(other.clientCert), key: readFileSync(other.clientKey) };
    expect(await ask(foreign)).toMatch(/^refused: /);
  });

  it('renewed certificates are taken without a restart', async () => {
    const adapter = app.getHttpAdapter() as unknown as LimitedAdapter;
    expect(() => adapter.reloadTls()).not.toThrow();
    const [cert, key] = [certificates.clientCert, certificates.clientKey];
    const answer = await ask({ cert: readFileSync(cert), key: readFileSync(key) });
    expect(answer).toContain('certificate:ops');
  });
});
