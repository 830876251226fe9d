import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startBroker } from '../../src/cli/embedded/index.js';
import type { EmbeddedBroker } from '../../src/cli/embedded/index.js';
import { FakeService } from '../fixtures/cli/fake-service.js';
import { runMetactl } from '../fixtures/cli/metactl.js';
import type { MetactlRun } from '../fixtures/cli/metactl.js';

// A flag that is offered does what its help says; what a verb cannot do, it does not offer.

let broker: EmbeddedBroker;
let service: FakeService;

const metactl = (...args: string[]): Promise<MetactlRun> => runMetactl(broker.url, args);
const helpOf = async (...verb: string[]): Promise<string> => {
  const run = await metactl(...verb, '--help');
  // Commander breaks long descriptions into lines.
  return run.out.replace(/\s+/g, ' ');
};

beforeAll(async () => {
  broker = await startBroker();
});
afterAll(() => broker.close());
beforeEach(async () => {
  service = await FakeService.open(broker.url);
});
afterEach(() => service.close());

describe('metactl history', () => {
  it('shows every version, however many pages they come in', async () => {
    service.history = Array.from({ length: 1_100 }, (_, at) => ({
      ...{ type: 'ResourceAssigned', validFrom: `t${at}`, record: { version: at + 1 } },
    }));
    service.pageItemsMax = 970;
    const run = await metactl('history', 'resource', 'db-1', '-n', 'prod', '-o', 'json');
    const rows = JSON.parse(run.out) as { record: { version: number } }[];
    expect(run.code).toBe(0);
    expect(rows.map(({ record }) => record.version)).toEqual(
      Array.from({ length: 1_100 }, (_, at) => at + 1),
    );
  });

  it('takes the record that a service means', async () => {
    const run = await metactl('history', 'service', 'api/i-1', '-n', 'prod');
    expect(run.code).toBe(0);
    await metactl('as-of', 'services', 'api/i-1', '-n', 'prod', '--at', 'm1.a.1.1');
    expect(service.asked).toMatchObject([
      { name: 'GetHistory', body: { params: { kind: 'instance', id: 'api/i-1' } } },
      { name: 'GetAsOf', body: { params: { kind: 'instance' } } },
    ]);
    await metactl('watch', '-n', 'prod', '--kind', 'service');
    expect(service.asked[2]).toMatchObject({
      name: 'watch',
      body: { filter: { kind: 'instance' } },
    });
  });
});

describe('metactl query', () => {
  beforeEach(() => {
    for (let at = 0; at < 5; at += 1) {
      const data = { tenantId: 'acme', resourceId: `db-${at}` };
      service.records.set(`prod/acme/db-${at}`, { version: 1, data });
    }
  });

  it('says that there is more, and goes on from there', async () => {
    const query = ['query', 'ListResources', '-n', 'prod', '--limit', '3'];
    const first = await metactl(...query);
    expect(first.out.trim().split('\n')).toHaveLength(4);
    expect(first).toMatchObject({ code: 0, err: 'there is more: --cursor 3\n' });
    const rest = await metactl(...query, '--cursor', '3');
    expect(rest).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/db-3[^]*db-4/) });
  });
});

describe('--timeout', () => {
  const assign = ['cmd', 'AssignResource', '-n', 'prod', '--set', 'tenantId=a', 'resourceId=b'];

  it('bounds a command with all its attempts', async () => {
    service.treatment = () => 'lose';
    // Without it the client asks anew every 2.5 s, for half a minute.
    const lost = await metactl(...assign, '--timeout', '500');
    expect(lost).toMatchObject({ code: 6, err: expect.stringMatching(/--command-id/) });
    expect(service.log).toHaveLength(1);
    const env = { METAD_SUBJECT_PREFIX: 'nobody.v1' };
    const dead = await runMetactl(broker.url, [...assign, '--timeout', '500'], env);
    expect(dead).toMatchObject({ code: 2, err: expect.stringMatching(/is a node running there/) });
  });

  it('bounds each call of a bench', async () => {
    service.treatment = () => 'lose';
    const flags = ['--seconds', '1', '--outstanding', '1', '--timeout', '300', '-o', 'json'];
    const { out } = await metactl('bench', ...flags);
    expect(JSON.parse(out)).toMatchObject({ done: 0, retries: 0 });
  });

  it.each([
    ['watch', '-n', 'prod'],
    ['import', 'file.ndjson'],
  ])('is not offered by %s, which has no use for it', async (...verb) => {
    const run = await metactl(...verb, '--timeout', '500');
    expect(run).toMatchObject({ code: 1, err: expect.stringMatching(/unknown option/) });
  });
});

describe('--node', () => {
  it.each([
    ['cluster', 'status'],
    ['node', 'list'],
    ['partition', 'list'],
    ['check', 'health'],
    ['check', 'lag'],
    ['check', 'digest'],
    ['node', 'drain', 'n1'],
    ['node', 'undrain', 'n1'],
    ['node', 'log-level', 'n1', 'info'],
  ])('is not offered by %s %s, which knows whom to ask', async (...verb) => {
    const run = await metactl(...verb, '--node', 'n9');
    expect(run).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/unknown option/) });
  });

  it.each([
    ['partition', 'describe', '1'],
    ['projection', 'list'],
    ['projection', 'status', 'resource'],
    ['audit', 'list'],
    ['job', 'list'],
  ])('is an error with %s %s when that node does not answer', async (...verb) => {
    const run = await metactl(...verb, '--node', 'n9');
    expect(run).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/nobody answers/) });
  });

  it('asks that node alone', async () => {
    service.admin.set('projection.list', (node) => ({ items: [{ name: `on-${node}` }] }));
    const run = await metactl('projection', 'list', '--node', 'n2', '-o', 'json');
    expect(JSON.parse(run.out)).toEqual([{ node: 'n2', name: 'on-n2' }]);
  });
});

describe('the help of metactl', () => {
  it('offers _all where every namespace can be asked', async () => {
    for (const verb of ['list', 'history', 'query', 'export']) {
      expect(await helpOf(verb)).toContain('_all for every one');
    }
    for (const verb of ['get', 'resolve', 'as-of']) {
      expect(await helpOf(verb)).not.toContain('_all');
    }
  });

  it('says which id a verb takes, and which moments', async () => {
    expect(await helpOf('get')).toContain('<tenant>/<resource>');
    const history = await helpOf('history');
    expect(history).toMatch(/db-1/);
    expect(history).toMatch(/--from <moment> ISO 8601, or a position/);
    expect(history).toMatch(/--to <moment> ISO 8601, or a position/);
    expect(await helpOf('job', 'list')).not.toContain('backup');
  });
});

describe('verbs of what comes later', () => {
  it.each([
    ['member', 'add', 'n4'],
    ['partition', 'split', '1'],
    ['backup', 'create', '/backups/today'],
  ])('%s %s is refused as unsupported, not as badly written', async (noun, verb, ...rest) => {
    const run = await metactl(noun, verb, ...rest);
    expect(run).toMatchObject({ code: 4, out: '' });
    expect(run.err).toMatch(new RegExp(`does not have "${noun} ${verb}"\nUntil then: \\w+`));
    expect(await helpOf(noun)).toMatch(new RegExp(`${verb} [^-]*not in this version`));
  });

  it('are still refused as badly written where they are', async () => {
    expect(await metactl('partition', 'split', 'one')).toMatchObject({ code: 1 });
  });
});
