import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startBroker } from '../../src/cli/embedded/index.js';
import { testPort } from '../fixtures/ports.js';
import { LauncherUnderTest, fakeNodeProgram } from '../fixtures/launcher.js';

let folder: string;
let launcher: LauncherUnderTest;

let httpPort: number;
let natsPort: number;
const ports = () => ['--http-port', String(httpPort), '--nats-port', String(natsPort)];

function launch(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): LauncherUnderTest {
  const given = { NATS_URL: undefined, DATABASE_URL: '', ...env };
  launcher = new LauncherUnderTest([...ports(), '--data', folder, ...args], given);
  return launcher;
}

/** Processes of this test: its folder stands in their command line or environment. */
async function left(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    if (Number(pid) === process.pid) return '';
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    return `${command}${environment}`.includes(folder) ? command.replaceAll('\0', ' ') : '';
  });
  return (await Promise.all(found)).filter((command) => command !== '');
}

/** The process id of n1, once the cluster is ready. */
async function firstNode(run: LauncherUnderTest): Promise<number> {
  const [, file = ''] = await run.says(/kill -9 \$\(cat (\S+)\)/);
  return Number(await readFile(file, 'utf8'));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'metad-launch-'));
  await chmod(folder, 0o711);
  [httpPort, natsPort] = [await testPort(), await testPort()];
});
afterEach(async () => {
  await launcher.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('npm start', () => {
  it('brings up a cluster, says one ready line, and leaves nothing running', async () => {
    const run = launch(['--partitions', '4'], { DATABASE_URL: undefined });
    await run.says(/Ctrl-C drains/);
    const said = run.text.match(/^metad ready .*$/gm) ?? [];
    expect(said).toHaveLength(1);
    const [, http = '', rest] = /^metad ready {2}http=(\S+) {2}(.*)$/.exec(said[0] ?? '') ?? [];
    expect(rest).toBe(`nats=nats://127.0.0.1:${natsPort}  nodes=n1,n2,n3  partitions=4`);
    const taken = http.split(',').map((url) => Number(new URL(url).port));
    expect(taken[0]).toBe(httpPort);
    expect([...new Set(taken)].sort((a, b) => a - b)).toEqual(taken);
    expect(taken).toHaveLength(3);
    const running = await left();
    expect(running.filter((line) => line.includes('fake-node'))).toHaveLength(3);
    expect(running.some((line) => line.includes('bin/postgres'))).toBe(true);
    run.signal('SIGINT');
    expect(await run.exited()).toBe(0);
    expect(run.text).toMatch(/nothing is left running/);
    expect(await left()).toEqual([]);
    expect(await readFile(join(folder, 'n2.log'), 'utf8')).toMatch(/"msg":"drained"/);
  });

  it('takes the next port when one is taken', async () => {
    const taken = [httpPort, natsPort];
    const servers = taken.map((port) => createServer().listen(port, '127.0.0.1'));
    const run = launch(['--nodes', '1']);
    const ready = await run.says(/metad ready {2}http=(\S+) {2}nats=(\S+)/);
    // The next one may be in use by somebody else by chance: then the one after it.
    for (const [at, url] of ready.slice(1).entries()) {
      const skipped = Number(new URL(url).port) - (taken[at] ?? 0);
      expect(skipped).toBeGreaterThanOrEqual(1);
      expect(skipped).toBeLessThan(200);
    }
    for (const server of servers) server.close();
  });

  it('starts a killed node again and says so', async () => {
    const run = launch();
    const pid = await firstNode(run);
    process.kill(pid, 'SIGKILL');
    await run.says(/n1 \(process \d+\) ended: SIGKILL; it starts again in 3 s/);
    const back = await run.says(
      new RegExp(`n1 is back \\(process (\\d+)\\): http://127\\.0\\.0\\.1:${httpPort}`),
    );
    expect(Number(back[1])).not.toBe(pid);
    expect(await firstNode(run)).toBe(Number(back[1]));
  });

  it('leaves a killed node dead if told so, and says how to start it', async () => {
    const run = launch(['--no-restart']);
    process.kill(await firstNode(run), 'SIGKILL');
    const [, file] = await run.says(/start it again with: node --env-file=(\S+) \S+/);
    expect(await readFile(file ?? '', 'utf8')).toMatch(/^METAD_NODE="n1"$/m);
  });

  it('kills what does not drain at the second Ctrl-C', async () => {
    const run = launch([], { FAKE_DEAF: 'n2' });
    await run.says(/Ctrl-C drains/);
    run.signal('SIGINT');
    await run.says(/SIGINT: draining/);
    await new Promise((resolve) => setTimeout(resolve, 700));
    run.signal('SIGINT');
    expect(await run.exited()).toBe(0);
    expect(run.text).toMatch(/SIGINT again: stopping at once/);
    expect(await left()).toEqual([]);
  });

  it('stops cleanly while it is still starting', async () => {
    const run = launch([], { DATABASE_URL: undefined });
    await new Promise((resolve) => setTimeout(resolve, 300));
    run.signal('SIGTERM');
    await run.exited();
    expect(await left()).toEqual([]);
  });

  it('fails with the words of a node that cannot start', async () => {
    const run = launch([], { FAKE_FAIL: 'n2' });
    expect(await run.exited()).toBe(1);
    expect(run.text).toMatch(/n2 ended before it was ready[^]*METAD_ELECTION_MS must be larger/);
    expect(await left()).toEqual([]);
  });

  it('takes its nodes with it when it is killed', async () => {
    const run = launch();
    const pid = await firstNode(run);
    run.signal('SIGKILL');
    await run.exited();
    for (let turn = 0; turn < 500 && isAlive(pid); turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(isAlive(pid)).toBe(false);
  });

  it('refuses a folder that another launcher uses, and takes over from a dead one', async () => {
    const first = launch();
    await first.says(/metad ready/);
    const second = new LauncherUnderTest(['--data', folder], { DATABASE_URL: '' });
    expect(await second.exited()).toBe(1);
    expect(second.text).toMatch(/in use by the launcher with process id \d+/);
    first.signal('SIGKILL');
    await first.exited();
    await launch().says(/metad ready/);
  });

  it('stops when npm is told to, although a shell stands between them', async () => {
    const args = ['start', '--', ...ports(), '--data', folder];
    const env = { ...process.env, METAD_NODE_PROGRAM: fakeNodeProgram, DATABASE_URL: '' };
    const npm = spawn('npm', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    npm.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (!text.includes('Ctrl-C drains')) await once(npm.stdout, 'data');
    npm.kill('SIGTERM');
    await once(npm, 'exit');
    expect(await left()).toEqual([]);
  });

  it('names a wrong flag', async () => {
    const run = launch(['--nodes', 'three']);
    expect(await run.exited()).toBe(1);
    expect(run.text).toMatch(/--nodes must be a whole number from 1 to 15, not "three"/);
  });

  it('shows no password of a broker, and takes spaces between two of them', async () => {
    const broker = await startBroker({ port: natsPort });
    const away = `127.0.0.1:${natsPort + 1}`;
    const url = `nats://ops:sesame-opens@127.0.0.1:${natsPort}, ${away}`;
    const run = launch(['--nodes', '1'], { NATS_URL: url, DATABASE_SCHEMA: '' });
    await run.says(/Ctrl-C drains/);
    const shown = `nats://ops:***@127.0.0.1:${natsPort},${away}`;
    expect(run.text).toContain(`broker at ${shown}`);
    expect(run.text).toContain(`  nats=${shown}  nodes=n1  `);
    expect(run.text).not.toContain('sesame');
    await run.stop();
    await broker.close();
  });

  it('proves itself to the broker as the nodes do', async () => {
    const broker = await startBroker({ port: natsPort });
    const run = launch(['--nodes', '1'], { NATS_URL: broker.url, NATS_NKEY: '/nowhere/ops.nk' });
    await run.says(/cannot use the credentials in \/nowhere\/ops\.nk/);
    expect(await run.exited()).toBe(1);
    await broker.close();
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
