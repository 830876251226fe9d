import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startBroker, type EmbeddedBroker } from '../../src/cli/embedded/index.js';
import { testPort } from '../fixtures/ports.js';
import { OneNode } from '../fixtures/secured/one-node.js';

// What a node that cannot start says, to whoever reads its log.

let folder: string;
let node: OneNode;
let broker: EmbeddedBroker | null = null;
let taken: Server | null = null;

const linesOf = ({ text }: OneNode) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-start-'));
});
afterEach(async () => {
  await node.stop();
  await broker?.close();
  taken?.close();
  [broker, taken] = [null, null];
  await rm(folder, { recursive: true, force: true });
});

describe('a node that starts', () => {
  it('names a variable that holds no URL of a broker, and ends', async () => {
    node = OneNode.launch(folder, { NATS_URL: '::::' });
    expect(await node.ended()).toBe(1);
    expect(linesOf(node)).toEqual([
      expect.objectContaining({ level: 'fatal', variable: 'NATS_URL' }),
    ]);
  });

  it('warns of a broker it cannot reach, without its password, until it can', async () => {
    const port = await testPort();
    const away = await testPort();
    const password = 'sesame-opens';
    const servers = [`nats://ops:${password}@localhost:${port}`, `127.0.0.1:${away}`];
    node = OneNode.launch(folder, { NATS_URL: servers.join(', '), METAD_RUN_ID: '7' });
    await node.writes(/broker not reached(.|\n)*broker not reached/);
    const [warning] = linesOf(node).filter(({ msg }) => String(msg).startsWith('broker not'));
    expect(warning).toMatchObject({
      ...{ level: 'warn', servers: [`localhost:${port}`, `127.0.0.1:${away}`] },
      reason: expect.stringMatching(/refused/),
    });
    expect(linesOf(node)).toContainEqual(
      expect.objectContaining({ level: 'warn', variable: 'METAD_RUN_ID' }),
    );
    expect(node.text).not.toContain(password);
    broker = await startBroker({ port });
    await node.writes(/"msg":"ready"/);
    expect(node.text).not.toMatch(/ at .*\.js/);
  });

  it('names the setting whose port another program has, in one line, and ends', async () => {
    broker = await startBroker();
    const port = await testPort();
    const server = createServer();
    taken = server;
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    node = OneNode.launch(folder, { NATS_URL: broker.url, METAD_HTTP_PORT: String(port) });
    expect(await node.ended()).toBe(1);
    const fatal = linesOf(node).filter(({ level }) => level === 'fatal');
    expect(fatal).toEqual([
      expect.objectContaining({ variable: 'METAD_HTTP_PORT', code: 'EADDRINUSE' }),
    ]);
    expect(String(fatal[0]?.['msg'])).toContain(`127.0.0.1:${port}`);
  });

  it('names the setting of an address that this machine does not have', async () => {
    broker = await startBroker();
    const tokens = { METAD_HTTP_TOKENS_FILE: join(folder, 'tokens.yaml') };
    await writeFile(tokens.METAD_HTTP_TOKENS_FILE, 'tokens: []');
    node = OneNode.launch(folder, {
      ...{ NATS_URL: broker.url, METAD_HTTP_HOST: '192.0.2.1', ...tokens },
    });
    expect(await node.ended()).toBe(1);
    expect(linesOf(node).filter(({ level }) => level === 'fatal')).toEqual([
      expect.objectContaining({ variable: 'METAD_HTTP_HOST', code: 'EADDRNOTAVAIL' }),
    ]);
  });

  it('goes by snapshots of single entries if it is told so', async () => {
    broker = await startBroker();
    node = await OneNode.start(folder, { NATS_URL: broker.url, METAD_SNAPSHOT_ENTRIES: '1' });
    expect(node.text).not.toMatch(/"level":"(error|fatal)"/);
  });
});
