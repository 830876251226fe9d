import 'reflect-metadata';
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Controller, Get, Module, Post, Req, Res } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request, Response } from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { answerWith } from './http-answer.js';
import { HTTP_LIMITS, LimitedAdapter } from './http-server.js';

@Controller()
class Echo {
  @Get('here')
  here(@Res() response: Response): void {
    response.send('here');
  }

  @Post('echo')
  echo(@Req() request: Request, @Res() response: Response): Promise<void> {
    return answerWith(request, response, 1_000, async (payload) => ({ payload, error: null }));
  }
}

@Module({ controllers: [Echo] })
class EchoModule {}

const limits = {
  ...HTTP_LIMITS,
  headersTimeoutMs: 300,
  requestTimeoutMs: 600,
  checkEveryMs: 50,
  connectionsMax: 8,
};
let app: INestApplication;
let port: number;
const opened: Socket[] = [];

beforeAll(async () => {
  const adapter = new LimitedAdapter(null, limits);
  app = await NestFactory.create(EchoModule, adapter, { logger: false, bodyParser: false });
  await app.listen(0, '127.0.0.1');
  port = ((app.getHttpServer() as { address(): unknown }).address() as AddressInfo).port;
});
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy();
});
afterAll(() => app.close());

async function dial(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  opened.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** What comes back until the server closes the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

const read = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/here`)).text();

const serves = async (): Promise<void> => expect(await read()).toBe('here');

const aMoment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a caller who', () => {
  it('sends the head of a request slowly is cut off', async () => {
    const socket = await dial();
    socket.write('GET /here HTTP/1.1\r\nHost: localhost\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 50);
    const text = await untilClosed(socket);
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await serves();
  });

  it('sends a body slowly is cut off', async () => {
    const socket = await dial();
    const head = 'Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n';
    socket.write(`POST /echo HTTP/1.1\r\n${head}\r\n`);
    const drip = setInterval(() => socket.write(' '), 50);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
    await serves();
  });

  it('opens many connections is turned away beyond the limit, until he lets go', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, dial));
    for (const socket of sockets) socket.resume();
    const open = () => sockets.filter((socket) => !socket.closed && !socket.readableEnded);
    while (open().length > limits.connectionsMax) await aMoment();
    await aMoment();
    expect(open().length).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    // The server learns of each end by itself, and turns away until then.
    while ((await read().catch(() => '')) !== 'here') await aMoment();
  });

  const post = 'POST /echo HTTP/1.1\r\nHost: a\r\n';
  it.each([
    ['a large head', `GET /here HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is no HTTP', 'HELLO\r\n\r\n', 400],
    ['two lengths', `${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
    [
      'a length and chunks, to smuggle a second request',
      `${post}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['a head without a host', 'GET /here HTTP/1.1\r\n\r\n', 400],
  ])('sends %s is refused', async (_what, text, status) => {
    const socket = await dial();
    socket.write(text);
    expect(await untilClosed(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    await serves();
  });
});
