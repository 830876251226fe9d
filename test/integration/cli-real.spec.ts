import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MetadClient } from '@metad/client';
import { runMetactl, startMetactl, type MetactlRun } from '../fixtures/cli/metactl.js';
import { RunningCluster } from '../fixtures/running-cluster.js';

// What metactl shows of real nodes: the other suites of the command line talk to a stand-in.

let cluster: RunningCluster;
let client: MetadClient;
let folder: string;
const terminal = { COLUMNS: '80' };
const metactl = (...args: string[]): Promise<MetactlRun> =>
  runMetactl(cluster.nats, args, terminal);
const resource = { tenantId: 'acme', resourceId: 'db-1' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'metactl-real-'));
  const options = { nodes: 3, partitions: 4, database: true };
  cluster = await RunningCluster.start(options);
  client = await MetadClient.connect({ servers: cluster.nats, namespace: 'prod' });
  for (const node of ['node-a', 'node-b', 'node-c']) {
    await client.command('AssignResource', { ...resource, node }, { meta: { actor: 'suite' } });
  }
}, 300_000);

afterAll(async () => {
  await client.close();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = Date.now() + 30_000;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Session reads of metactl know nothing of this client's writes. */
const fresh = (): string[] => ['--position', client.position() ?? ''];

describe('metactl history and as-of', () => {
  it('show every version, within 80 columns, times in full', async () => {
    const run = await metactl('history', 'resource', 'db-1', '-n', 'prod', ...fresh());
    const lines = run.out.trimEnd().split('\n');
    expect(run.code).toBe(0);
    expect(lines[0]).toMatch(/^VERSION {2}FROM +EVENT +ACTOR +DATA$/);
    expect(lines.slice(1).map((line) => line.trim().split(/ +/).slice(0, 4))).toEqual(
      [1, 2, 3].map((version) => [
        String(version),
        expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        'ResourceAssigned',
        'suite',
      ]),
    );
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('show a record as it was', async () => {
    const history = ['history', 'resource', 'db-1', '-n', 'prod', '-o', 'json', ...fresh()];
    const versions = JSON.parse((await metactl(...history)).out) as { validFrom: string }[];
    const at = versions[1]?.validFrom ?? '';
    const run = await metactl('as-of', 'resource', 'db-1', '-n', 'prod', '--at', at);
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/^node +node-b$/m) });
    const never = ['as-of', 'resource', 'db-1', '-n', 'prod', '--at', '2001-01-01T00:00:00Z'];
    expect(await metactl(...never)).toMatchObject({
      code: 4,
      err: expect.stringMatching(/NOT_FOUND/),
    });
  });
});

describe('metactl watch', () => {
  it('prints a snapshot and then changes as they happen, until Ctrl-C', async () => {
    const args = ['watch', '-n', 'prod', '--kind', 'resource', '--from', 'snapshot'];
    const watching = startMetactl(cluster.nats, args, terminal);
    const { text } = watching;
    await until(() => text.out.includes('snapshot  resource prod/db-1 v3'), 'the snapshot');
    const other = { tenantId: 'acme', resourceId: 'db-2' };
    await client.command('AssignResource', { ...other, node: 'node-x' });
    await client.command('ReleaseResource', other);
    await until(() => text.out.includes('resource db-2 is gone'), 'the removal');
    expect(text.out).toMatch(/Z {2}ResourceAssigned {2}resource prod\/db-2 v1 {2}.*node=node-x/);
    watching.signal('SIGINT');
    expect(await watching.ended).toMatchObject({ code: 0, err: '' });
  });

  it('prints JSON for programs, one message a line', async () => {
    const args = ['watch', '-n', 'prod', '--where', 'node=node-w', '-o', 'json'];
    const watching = startMetactl(cluster.nats, args, terminal);
    const moves = async (): Promise<void> => {
      const name = { tenantId: 'acme', resourceId: 'db-3' };
      await client.command('AssignResource', { ...name, node: 'node-w' });
      await client.command('AssignResource', { ...name, node: 'node-v' });
    };
    const messages = (): Record<string, unknown>[] =>
      watching.text.out
        .split('\n')
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    // Nothing tells from outside when a watch from now has begun: it is moved until that is seen.
    for (let turn = 0; turn < 60 && messages().length < 2; turn += 1) {
      await moves();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    expect(messages()[0]).toMatchObject({ event: 'change', type: 'ResourceAssigned', id: 'db-3' });
    watching.signal('SIGINT');
    expect((await watching.ended).code).toBe(0);
  });
});

describe('metactl export and import', () => {
  it('write commands that can be sent again, and CSV', async () => {
    const file = join(folder, 'resources.ndjson');
    const where = ['--where', 'tenantId=acme', ...fresh()];
    const exported = ['export', '-n', 'prod', '--as', 'commands', '--file', file, 'resources'];
    expect(await metactl(...exported, ...where)).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toMatch(/"command":"AssignResource"/);
    const again = await metactl('import', file);
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^rejected +0$/m) });
    const csv = await metactl('export', '-n', 'prod', '--as', 'csv', 'resources', ...where);
    expect(csv.out).toMatch(/db-1/);
  });
});

describe('metactl partition transfer', () => {
  it('moves leadership whichever node is asked', async () => {
    interface Led {
      readonly partition: number;
      readonly leader: string;
    }
    const list = async (): Promise<Led[]> =>
      JSON.parse((await metactl('partition', 'list', '-o', 'json')).out) as Led[];
    const leaderOf = async (one: number): Promise<string> =>
      (await list()).find(({ partition }) => partition === one)?.leader ?? '';
    const leader = await leaderOf(1);
    const [to = '', third = ''] = ['n1', 'n2', 'n3'].filter((node) => node !== leader);
    const moved = await metactl('partition', 'transfer', '1', to, '--node', third);
    expect(moved).toMatchObject({ code: 0, out: expect.stringMatching(`leader +${to}`) });
    const stranger = await metactl('partition', 'transfer', '1', 'n9');
    expect(stranger).toMatchObject({ code: 4, err: expect.stringMatching(/to: is no voter/) });
  });
});

describe('metactl', () => {
  it.each([
    [['cluster', 'status']],
    [['node', 'list']],
    [['partition', 'describe', '1']],
    [['projection', 'list']],
    [['list', 'resources', '-n', 'prod']],
  ])('%j fits a terminal of 80 columns', async (args) => {
    const run = await metactl(...args);
    expect(run.code).toBe(0);
    const widths = run.out.split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });
});
