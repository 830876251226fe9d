import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startBroker } from '../../src/cli/embedded/index.js';
import type { EmbeddedBroker } from '../../src/cli/embedded/index.js';
import { FakeService } from '../fixtures/cli/fake-service.js';
import { runMetactl, startMetactl } from '../fixtures/cli/metactl.js';
import type { MetactlRun } from '../fixtures/cli/metactl.js';

let broker: EmbeddedBroker;
let service: FakeService;
let folder: string;
let file: string;

const metactl = (...args: string[]): Promise<MetactlRun> => runMetactl(broker.url, args);
const stateOf = async (): Promise<unknown> =>
  JSON.parse(await readFile(`${file}.import-state.json`, 'utf8'));

type Line = readonly [command: string, resource: string, node?: string];

async function writeLines(lines: readonly Line[]): Promise<void> {
  const text = lines.map(([command, resourceId, node]) => {
    const data = { tenantId: 'acme', resourceId, ...(node !== undefined && { node }) };
    return JSON.stringify({ namespace: 'prod', command, data });
  });
  await writeFile(file, `${text.join('\n')}\n`);
}

/** Resources that are assigned, moved and every third one released: what remains is known. */
function workload(resources: number): Line[] {
  const ids = Array.from({ length: resources }, (_, at) => `db-${at}`);
  return [
    ...ids.map((id): Line => ['AssignResource', id, 'node-a']),
    ...ids.map((id): Line => ['AssignResource', id, 'node-b']),
    ...ids.filter((_, at) => at % 3 === 0).map((id): Line => ['ReleaseResource', id]),
  ];
}

function expectWorkloadDone(resources: number): void {
  expect(service.records.size).toBe(resources - Math.ceil(resources / 3));
  for (const { version, data } of service.records.values()) {
    expect([version, data['node']]).toEqual([2, 'node-b']);
  }
}

beforeAll(async () => {
  broker = await startBroker();
  folder = await mkdtemp(join(tmpdir(), 'metactl-import-'));
});
afterAll(async () => {
  await broker.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  service = await FakeService.open(broker.url);
  file = join(folder, `${Math.random().toString(36).slice(2)}.ndjson`);
});
afterEach(() => service.close());

describe('metactl import', () => {
  it('sends every line, many at once, and reports counts and rate', async () => {
    await writeLines(workload(300));
    const run = await metactl('import', file);
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/^lines +700\napplied +700\nnoop +0\nduplicate +0\nrejected +0\n/);
    expect(run.out).toMatch(/^perSecond +[\d,.]+$/m);
    expectWorkloadDone(300);
    expect(service.underWayMax).toBeGreaterThan(16);
  });

  it('keeps the order of the lines about one record', async () => {
    const lines = Array.from({ length: 200 }, (_, at): Line => [
      at % 2 === 0 ? 'AssignResource' : 'ReleaseResource',
      `db-${Math.floor(at / 20)}`,
    ]);
    await writeLines(lines);
    const run = await metactl('import', file);
    expect(run.out).toMatch(/applied +200\n/);
    expect(service.records.size).toBe(0);
  });

  it('gets through lost requests and lost answers with each line taking effect once', async () => {
    await writeLines(workload(30));
    const seen = new Set<string>();
    service.treatment = (_command, { commandId, data }) => {
      if (seen.has(commandId) || data['resourceId'] !== 'db-7') return 'answer';
      seen.add(commandId);
      return seen.size === 1 ? 'lose' : 'lose-reply';
    };
    const run = await metactl('import', file);
    expect(run.out).toMatch(/applied +69\nnoop +0\nduplicate +1\n/);
    expectWorkloadDone(30);
  });

  it('is safe to run again, also without its state', async () => {
    await writeLines(workload(50));
    await metactl('import', file);
    const sent = service.log.length;
    expect(await metactl('import', file)).toMatchObject({ code: 0 });
    expect(service.log.length).toBe(sent);
    const again = await metactl('import', file, '--restart');
    expect(again.out).toMatch(/applied +0\nnoop +0\nduplicate +117\n/);
    expectWorkloadDone(50);
  });

  it('goes on where it was interrupted', async () => {
    await writeLines(workload(1_000));
    const first = startMetactl(broker.url, ['import', file, '--concurrency', '4']);
    while (service.log.length < 200) await new Promise((resolve) => setTimeout(resolve, 5));
    first.signal('SIGINT');
    const interrupted = await first.ended;
    expect(interrupted).toMatchObject({
      code: 130,
      err: expect.stringMatching(/goes on from here/),
    });
    const sent = service.log.length;
    const run = await metactl('import', file);
    expect(run.out).toMatch(/^lines +2334\napplied +2334\n/);
    expect(service.log.length).toBeLessThan(2_334 + 64);
    expect(sent).toBeLessThan(2_334);
    expectWorkloadDone(1_000);
  });

  it('survives SIGKILL: what was sent but not written down is recognized', async () => {
    await writeLines(workload(1_000));
    const first = startMetactl(broker.url, ['import', file]);
    while (service.log.length < 300) await new Promise((resolve) => setTimeout(resolve, 2));
    first.signal('SIGKILL');
    await first.ended;
    const run = await metactl('import', file);
    expect(run.code).toBe(0);
    expectWorkloadDone(1_000);
  });

  it('refuses to go on when the lines before have changed', async () => {
    await writeLines(workload(20));
    await metactl('import', file);
    await writeLines([['AssignResource', 'other', 'n'], ...workload(20).slice(1)]);
    const run = await metactl('import', file);
    expect(run).toMatchObject({
      code: 1,
      err: expect.stringMatching(/has changed among its first/),
    });
  });

  it('sends only the new lines of a file that has grown', async () => {
    await writeLines(workload(20));
    await metactl('import', file);
    const sent = service.log.length;
    await writeLines([...workload(20), ['AssignResource', 'late', 'node-b']]);
    expect(await metactl('import', file)).toMatchObject({ code: 0 });
    expect(service.log.slice(sent)).toEqual(['AssignResource acme/late']);
  });

  it('writes refused lines aside, goes on, and ends with exit code 4', async () => {
    await writeLines([
      ['AssignResource', 'a', 'n'],
      ['ReleaseResource', 'never-there'],
      ['AssignResource', 'b', 'n'],
    ]);
    await writeFile(file, 'not json\n', { flag: 'a' });
    const run = await metactl('import', file);
    expect(run).toMatchObject({
      code: 4,
      out: expect.stringMatching(/applied +2\n[^]*rejected +2\n/),
    });
    const refused = (await readFile(`${file}.rejected.ndjson`, 'utf8')).trim().split('\n');
    expect(refused.map((line) => (JSON.parse(line) as { line: number }).line).sort()).toEqual([
      2, 4,
    ]);
    expect(await stateOf()).toMatchObject({ lines: 4 });
  });

  it('stops with its state saved when nobody answers any more', async () => {
    await writeLines(workload(40));
    service.treatment = () => (service.log.length > 50 ? 'lose' : 'answer');
    const run = await metactl('import', file, '--patience', '300');
    expect(run).toMatchObject({ code: 6, err: expect.stringMatching(/outcome .* is unknown/) });
    service.treatment = () => 'answer';
    expect(await metactl('import', file)).toMatchObject({ code: 0 });
    expectWorkloadDone(40);
  });

  it('makes commands of the rows of a CSV file', async () => {
    const csv = join(folder, 'rows.csv');
    await writeFile(
      csv,
      'name,class,where,note\r\n"db,1",LS,node-a,\r\ndb-2,BE,node-b,"two\nlines"\r\n',
    );
    const columns = ['tenantId=class', 'resourceId=name', 'node=where', 'labels.note=note'];
    const flags = ['-n', 'prod', '--command', 'AssignResource', '--set', 'kind=task', '--column'];
    const run = await metactl('import', csv, ...flags, ...columns);
    expect(run).toMatchObject({ code: 0, out: expect.stringMatching(/^lines +2\napplied +2\n/) });
    expect([...service.records.values()].map(({ data }) => data)).toEqual([
      { kind: 'task', tenantId: 'LS', resourceId: 'db,1', node: 'node-a' },
      {
        kind: 'task',
        tenantId: 'BE',
        resourceId: 'db-2',
        node: 'node-b',
        labels: { note: 'two\nlines' },
      },
    ]);
    const wrong = await metactl('import', csv, ...flags, 'tenantId=klass');
    expect(wrong).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no column klass; there are/),
    });
  });
});
