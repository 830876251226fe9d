import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startBroker } from '../../src/cli/embedded/index.js';
import type { EmbeddedBroker } from '../../src/cli/embedded/index.js';
import { FakeService } from '../fixtures/cli/fake-service.js';
import { runMetactl } from '../fixtures/cli/metactl.js';
import type { MetactlRun } from '../fixtures/cli/metactl.js';

let broker: EmbeddedBroker;
let service: FakeService;
let folder: string;

const metactl = (...args: string[]): Promise<MetactlRun> => runMetactl(broker.url, args);
const assign = ['cmd', 'AssignResource', '-n', 'prod', '--set', 'tenantId=acme', 'resourceId=db-1'];

beforeAll(async () => {
  broker = await startBroker();
  folder = await mkdtemp(join(tmpdir(), 'metactl-'));
});
afterAll(async () => {
  await broker.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  service = await FakeService.open(broker.url);
});
afterEach(() => service.close());

describe('metactl cmd', () => {
  it('sends a command and prints its outcome', async () => {
    const run = await metactl(...assign, 'node=node-a', 'labels.zone=eu', 'weight:=3');
    expect(run).toMatchObject({ code: 0, err: '' });
    expect(run.out).toMatch(/^outcome +applied\nversion +1\nposition +m1\.fake\.1\.1\n/);
    expect(service.records.get('prod/acme/db-1')?.data).toEqual({
      tenantId: 'acme',
      resourceId: 'db-1',
      node: 'node-a',
      labels: { zone: 'eu' },
      weight: 3,
    });
  });

  it('finds out what became of a command whose answers were lost', async () => {
    let attempts = 0;
    service.treatment = () => ((attempts += 1) < 2 ? 'lose-reply' : 'answer');
    const run = await metactl(...assign, 'node=node-a');
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/outcome +duplicate/) });
    expect(service.records.get('prod/acme/db-1')?.version).toBe(1);
  });

  it.each([
    [
      '4 when it is refused',
      [...assign, '--expect', 'version=7'],
      4,
      /VERSION_CONFLICT.*\n +version: 0/,
    ],
    ['4 when the service does not know it', ['cmd', 'Fly', '-n', 'prod'], 4, /UNKNOWN_COMMAND/],
    ['1 when an assignment is malformed', [...assign, 'node'], 1, /write key=value, or key:=json/],
    ['1 when a namespace cannot be one', ['cmd', 'A', '-n', 'a.b'], 1, /"a\.b" is no namespace/],
    ['1 when a flag is missing', ['cmd', 'A'], 1, /required option '-n/],
  ])('ends with exit code %s', async (_when, args, code, words) => {
    expect(await metactl(...args)).toMatchObject({ code, err: expect.stringMatching(words) });
  });

  it('ends with exit code 2 when there is no broker', async () => {
    const run = await runMetactl('nats://127.0.0.1:1', assign);
    expect(run).toMatchObject({ code: 2, err: expect.stringMatching(/cannot connect to nats/) });
  });

  it('reads the broker from a context of the nats command line', async () => {
    await mkdir(join(folder, 'nats/context'), { recursive: true });
    const file = join(folder, 'nats/context/here.json');
    await writeFile(file, JSON.stringify({ url: broker.url }));
    const env = { XDG_CONFIG_HOME: folder };
    const args = ['node', 'list', '--context', 'here', '-o', 'json'];
    const run = await runMetactl('nats://127.0.0.1:1', args, env);
    expect((JSON.parse(run.out) as unknown[]).length).toBe(3);
    const missing = await runMetactl(broker.url, ['node', 'list', '--context', 'gone'], env);
    expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/no context "gone"/) });
  });
});

describe('metactl list', () => {
  beforeEach(() => {
    for (let at = 0; at < 2_500; at += 1) {
      const data = { tenantId: 'acme', resourceId: `db-${at}`, node: `node-${at % 2}` };
      service.records.set(`prod/acme/db-${at}`, { version: 1, data });
    }
  });

  it('shows the first rows and says that there are more', async () => {
    const run = await metactl('list', 'resources', '-n', 'prod', '--where', 'node=node-1');
    const lines = run.out.trim().split('\n');
    expect(lines[0]).toMatch(/^NAMESPACE +TENANT +RESOURCE +NODE/);
    expect(lines).toHaveLength(101);
    expect(run.err).toMatch(/more than these 100/);
  });

  it('pages through everything', async () => {
    const run = await metactl('list', 'resources', '-n', 'prod', '--all', '-o', 'json');
    const ids = (JSON.parse(run.out) as { resourceId: string }[]).map((row) => row.resourceId);
    expect(new Set(ids).size).toBe(2_500);
  });

  it('names the kinds it knows', async () => {
    const run = await metactl('list', 'cats', '-n', 'prod');
    expect(run).toMatchObject({
      code: 1,
      err: expect.stringMatching(/unknown kind "cats"; known: t/),
    });
  });
});

describe('metactl cluster status', () => {
  it('shows nodes and leaders', async () => {
    const run = await metactl('cluster', 'status');
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/^n2 +up +1 +3 +0 +http:\/\/n2 +0\.1\.0/m);
    expect(run.out).toMatch(/^ +1 {2}n2 +3 +40 +0 {2}n1,n2,n3/m);
  });

  it('ends with exit code 7 when a partition has no leader', async () => {
    const before = service.admin.get('partition.describe');
    service.admin.set('partition.describe', (node, body) => {
      const { items } = before?.(node, body) as { items: { partition: number; role: string }[] };
      return { items: items.map((i) => (i.partition === 1 ? { ...i, role: 'follower' } : i)) };
    });
    const status = await metactl('cluster', 'status');
    expect(status).toMatchObject({ code: 7, err: expect.stringMatching(/without a leader: .* 1/) });
    const check = await metactl('check', 'health');
    expect(check).toMatchObject({ code: 7, out: 'degraded: partition 1 has no leader\n' });
  });

  it('reports replicas that differ at the same index', async () => {
    expect(await metactl('check', 'digest')).toMatchObject({ code: 0, out: 'ok: digest\n' });
    const before = service.admin.get('partition.describe');
    service.admin.set('partition.describe', (node, body) => {
      const { items } = before?.(node, body) as { items: { partition: number }[] };
      const digest = node === 'n3' ? 'other' : 'd1g';
      return { items: items.map((i) => (i.partition === 2 ? { ...i, digest } : i)) };
    });
    const run = await metactl('check', 'digest');
    expect(run).toMatchObject({
      code: 7,
      out: expect.stringMatching(/partition 2: replicas .* differ/),
    });
  });
});

describe('metactl projection rebuild', () => {
  it('follows the job and prints the verdict', async () => {
    const asked: unknown[] = [];
    let polls = 0;
    service.admin.set('projection.rebuild', (node, body) => {
      asked.push({ node, body });
      return { jobId: 'j1' };
    });
    service.admin.set('job.show', () => {
      polls += 1;
      if (polls < 3) return { state: 'running', done: polls * 10, total: 30, rate: 10 };
      const partitions = [{ rows: 7 }, { rows: 5 }];
      const verification = { version: 2, equal: true, partitions, differences: [] };
      const report = { activated: false, equalsLive: true, verification };
      return { state: 'done', done: 30, total: 30, report };
    });
    const run = await metactl('projection', 'rebuild', 'resource', '--node', 'n2', '--no-activate');
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/rows +12\nstate machine +equal\nversion before +equal\n/);
    expect(run.out).toMatch(/in use +still the version before/);
    expect(asked).toEqual([{ node: 'n2', body: { name: 'resource', activate: false } }]);
  });

  it('ends with exit code 5 when it failed, with the reason', async () => {
    service.admin.set('projection.rebuild', () => ({ jobId: 'j1' }));
    service.admin.set('job.show', () => ({
      state: 'failed',
      done: 1,
      total: 2,
      reason: 'differs',
    }));
    const run = await metactl('projection', 'rebuild', 'resource', '--node', 'n2');
    expect(run).toMatchObject({ code: 5, out: expect.stringMatching(/reason +differs/) });
  });
});

describe('metactl export', () => {
  it('writes commands that an import makes the same records of', async () => {
    await metactl(...assign, 'node=node-a', 'labels.zone=eu');
    const file = join(folder, 'export.ndjson');
    const run = await metactl(
      'export',
      '-n',
      'prod',
      '--as',
      'commands',
      '--file',
      file,
      'resources',
    );
    expect(run).toMatchObject({ code: 0, err: expect.stringMatching(/1 records written/) });
    const before = new Map(service.records);
    service.records.clear();
    expect(await metactl('import', file)).toMatchObject({ code: 0 });
    expect(service.records).toEqual(before);
  });
});

describe('metactl', () => {
  it('writes YAML', async () => {
    const run = await metactl('partition', 'describe', '1', '--node', 'n2', '-o', 'yaml');
    expect(run.out).toMatch(/^- partition: 1\n {2}role: leader$/m);
  });

  it.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const run = await metactl('completion', shell);
    expect(run.out).toMatch(/rebuild/);
    expect(run.out).toMatch(
      shell === 'fish' ? /complete -c metactl/ : /complete -F _metactl metactl/,
    );
  });

  it('names the verbs of a noun', async () => {
    const run = await metactl('projection', 'rebild');
    expect(run).toMatchObject({
      code: 1,
      err: expect.stringMatching(/one of list, status, rebuild/),
    });
  });
});
