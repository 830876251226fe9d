import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LinkProxy } from './link-proxy.js';

/** A server that echoes in capitals, behind a proxy. */
let server: Server;
let proxy: LinkProxy;
let client: Socket;
let received = '';

beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => socket.write(chunk.toString().toUpperCase()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await LinkProxy.listen(0, (server.address() as AddressInfo).port);
  client = await dial();
  received = '';
});

afterEach(async () => {
  client.destroy();
  await proxy.close();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => (received += chunk.toString()));
  await once(socket, 'connect');
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Long enough for loopback to have delivered what nothing holds back. */
const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 60));

describe('a link through the proxy', () => {
  it('carries bytes both ways', async () => {
    client.write('hello');
    await until(() => received === 'HELLO');
  });

  it('holds bytes back while it stalls and delivers them when it heals', async () => {
    proxy.misbehave('stall', 'forward');
    client.write('late');
    await aWhile();
    expect(received).toBe('');
    proxy.heal();
    await until(() => received === 'LATE');
  });

  it('stalls one way only', async () => {
    proxy.misbehave('one-way', 'backward');
    client.write('answer');
    await aWhile();
    expect(received).toBe('');
    proxy.heal();
    await until(() => received === 'ANSWER');
  });

  it('breaks connections and refuses new ones when reset', async () => {
    proxy.misbehave('reset', 'forward');
    await until(() => client.closed);
    const refused = connect(proxy.port, '127.0.0.1').on('error', () => refused.destroy());
    await until(() => refused.closed);
    proxy.heal();
    client = await dial();
    client.write('again');
    await until(() => received === 'AGAIN');
  });
});
