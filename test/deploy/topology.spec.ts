import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadClient } from '@metad/client';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { testPort } from '../fixtures/ports.js';
import { NodeProcess } from '../../src/cli/launcher/node-process.js';
import { findNatsServer } from '../fixtures/broker/nats-server.js';
import { composeFile } from './compose-file.js';

// What docker-compose.yml describes, without Docker: its three clustered brokers with their
// configuration file, and its three nodes with their settings. Only addresses and paths are others.

const root = join(import.meta.dirname, '../..');
const binary = findNatsServer();
const suite = binary === null ? 'without nats-server nothing is proved here' : 'the compose file';
const { services } = composeFile();
const brokerNames = Object.keys(services).filter((name) => name.startsWith('nats-'));
const nodeNames = Object.keys(services).filter((name) => /^n\d$/.test(name));
const waitMsMax = 60_000;

interface Broker {
  readonly process: ChildProcess;
  readonly url: string;
  readonly monitor: string;
}

let folder: string;
const brokers = new Map<string, Broker>();
const nodes = new Map<string, NodeProcess>();
let nats: NatsConnection;
let client: MetadClient;

/** Where the file that a service mounts at `path` lies here. */
function mountedFrom(service: string, path: string): string {
  const mounts = services[service]?.volumes ?? [];
  const mount = mounts.map((each) => each.split(':')).find(([, inside]) => inside === path);
  if (!mount) throw new Error(`${service} mounts nothing at ${path}`);
  return join(root, mount[0] ?? '');
}

async function startBrokers(program: string): Promise<void> {
  const ports = await Promise.all(
    brokerNames.map(() => Promise.all([1, 2, 3].map(() => testPort()))),
  );
  const routes = ports.map(([, , cluster]) => `nats://127.0.0.1:${cluster}`);
  for (const [at, name] of brokerNames.entries()) {
    const [port, monitor] = ports[at] ?? [];
    const args = (services[name]?.command ?? []).map((argument) =>
      argument.endsWith('.conf') ? mountedFrom(name, argument) : argument,
    );
    const here = ['-a', '127.0.0.1', '-p', String(port), '-m', String(monitor)];
    const clustered = ['--cluster', routes[at] ?? '', '--routes', routes.join(',')];
    const child = spawn(program, [...args, ...here, ...clustered], { stdio: 'ignore' });
    brokers.set(name, {
      process: child,
      url: `nats://127.0.0.1:${port}`,
      monitor: `http://127.0.0.1:${monitor}`,
    });
  }
}

async function until(what: string, is: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + waitMsMax;
  while (!(await is().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function varz(name: string): Promise<{ server_name: string; max_payload: number }> {
  const response = await fetch(`${brokers.get(name)?.monitor}/varz`);
  return (await response.json()) as { server_name: string; max_payload: number };
}

async function routesOf(name: string): Promise<number> {
  const response = await fetch(`${brokers.get(name)?.monitor}/routez`);
  const { routes } = (await response.json()) as { routes: { remote_id: string }[] };
  return new Set(routes.map((route) => route.remote_id)).size;
}

function startNode(name: string): NodeProcess {
  const settings = services[name]?.environment ?? {};
  const urls = (settings['NATS_URL'] ?? '').split(',').map((url) => {
    const broker = brokers.get(new URL(url).hostname);
    if (!broker) throw new Error(`${url} is no broker of the file`);
    return broker.url;
  });
  const env = {
    ...process.env,
    ...settings,
    NATS_URL: urls.join(','),
    DATABASE_URL: '',
    METAD_DATA_DIR: join(folder, name),
    METAD_HTTP_HOST: '127.0.0.1',
    METAD_HTTP_PORT: '0',
    METAD_HTTP_TOKENS_FILE: mountedFrom(name, settings['METAD_HTTP_TOKENS_FILE'] ?? ''),
  };
  const files = { logFile: join(folder, `${name}.log`), envFile: join(folder, `${name}.env`) };
  const program = join(root, 'dist/src/main.js');
  return new NodeProcess({ name, program, env, ...files }, () => undefined);
}

beforeAll(async () => {
  if (binary === null) return;
  folder = mkdtempSync(join(tmpdir(), 'metad-topology-'));
  await startBrokers(binary);
  await until('every broker has a route to the other two', async () => {
    const routes = await Promise.all(brokerNames.map(routesOf));
    return routes.every((count) => count === 2);
  });
  for (const name of nodeNames) nodes.set(name, startNode(name));
  await Promise.all([...nodes.values()].map((node) => node.ready));
  nats = await connect({ servers: [...brokers.values()].map(({ url }) => url) });
  client = await MetadClient.over(nats, { namespace: 'prod', timeoutMs: 30_000 });
}, 300_000);

afterAll(async () => {
  if (binary === null) return;
  // Also after a start that failed half-way: nothing may be left running.
  await (client as MetadClient | undefined)?.close();
  await (nats as NatsConnection | undefined)?.close();
  for (const node of nodes.values()) node.signal('SIGTERM');
  await Promise.all([...nodes.values()].map((node) => node.exited));
  for (const { process: child } of brokers.values()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

const assign = (resourceId: string) =>
  client.command('AssignResource', { tenantId: 'acme', resourceId, node: 'node-a' });

describe(suite, () => {
  it('gives brokers their names and limits', async () => {
    if (binary === null) return;
    for (const name of brokerNames) {
      expect(await varz(name)).toMatchObject({ server_name: name, max_payload: 1024 * 1024 });
    }
  });

  it('serves commands over all of its brokers', async () => {
    if (binary === null) return;
    const [one, two] = await Promise.all([assign('db-1'), assign('db-2')]);
    expect([one.outcome, two.outcome]).toEqual(['applied', 'applied']);
  });

  it("lets Prometheus read a node's metrics with its token, and nobody without one", async () => {
    if (binary === null) return;
    const [first] = [...nodes.values()];
    const token = readFileSync(mountedFrom('prometheus', '/etc/prometheus/token'), 'utf8');
    const url = `${await first?.ready}/metrics`;
    const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, (await answer.text()).includes('metad_build_info')]).toEqual([
      200,
      true,
    ]);
    expect((await fetch(url)).status).toBe(401);
  });

  it('goes on when a broker dies, and loses nothing', async () => {
    if (binary === null) return;
    const [victim] = brokers.values();
    const acknowledged: string[] = [];
    for (let at = 0; at < 60; at += 1) {
      if (at === 20) {
        victim?.process.kill('SIGKILL');
        await once(victim?.process as ChildProcess, 'exit');
      }
      await assign(`r-${at}`);
      acknowledged.push(`r-${at}`);
    }
    const found = await Promise.all(
      acknowledged.map((resourceId) =>
        client.query('GetResource', { tenantId: 'acme', resourceId }, strictly),
      ),
    );
    expect(found.every(({ item }) => item.node === 'node-a')).toBe(true);
  }, 300_000);
});

const strictly = { consistency: 'linearizable' } as const;
