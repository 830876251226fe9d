import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { AppliedEntry, RecordChange } from '@metad/eventsourcing';
import { partitionId } from '@metad/foundation';
import type { FailurePolicy, ProjectionDefinition, RowSink } from '@metad/projection';
import { AppliedLog, appendWorkload, assigned, partitionsUpTo } from '../fixtures/applied-log.js';
import { startPostgres, type TestPostgres } from '../fixtures/postgres.js';
import { ProjectedNode, type ProjectedNodeOptions } from '../fixtures/projected-node.js';
import { allDefinitions } from '../fixtures/read-model.js';

let postgres: TestPostgres;
let node: ProjectedNode;

beforeAll(async () => {
  postgres = await startPostgres({ allowShared: false });
});
afterAll(() => postgres.dispose());
afterEach(() => node.dispose());

const begin = (options: Partial<ProjectedNodeOptions> = {}): ProjectedNode => {
  node = new ProjectedNode({ url: postgres.url, ...options });
  return node;
};

/** The same schema under a node that starts anew. */
async function again(options: Partial<ProjectedNodeOptions> = {}): Promise<ProjectedNode> {
  await node.stop();
  return begin({ schema: node.schema, log: node.log, ...options });
}

const status = (name: string) => node.projections.list().find((item) => item.name === name);

/** Every projection's rows equal the kept digest and the fold of the log. */
async function proven(): Promise<void> {
  await node.settled();
  for (const { name } of allDefinitions()) {
    // A rebuild that was just switched to is at work until its end is saved.
    await until(() => !node.projections.jobs.isBusy(name), `the end of the job of ${name}`);
    const job = await node.finished(await node.projections.jobs.verify(name));
    expect([name, job.reason]).toEqual([name, null]);
  }
  const [{ n }] = (await node.sql('SELECT count(*)::integer AS n FROM resource')) as [
    { n: number },
  ];
  expect(n).toBe([...node.log.records.values()].filter((r) => r.kind === 'resource').length);
}

async function until(test: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; !test(); attempt += 1) {
    if (attempt > 1_500)
      throw new Error(`never came: ${what} ${JSON.stringify(status('resource'))}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a database in trouble', () => {
  it('may be away when the node starts', async () => {
    await postgres.stop();
    begin();
    node.work(1, 500);
    await until(() => node.troubles.length > 0, 'trouble');
    expect(status('resource')).toMatchObject({ state: 'connecting', version: 0 });
    await expect(node.query('ListResources')).rejects.toMatchObject({ code: 'RESTORING' });
    await postgres.start();
    await proven();
  });

  it('may be killed in the middle of batches, again and again', async () => {
    begin();
    await node.settled();
    for (let round = 0; round < 6; round += 1) {
      node.work(round, 1_500);
      await new Promise((resolve) => setTimeout(resolve, 10 * round));
      await postgres.stop('immediate');
      node.work(100 + round, 200);
      await postgres.start();
    }
    await proven();
    expect(node.troubles.length).toBeGreaterThan(0);
  });

  it('may cut connections while rows are written', async () => {
    begin();
    await node.settled();
    for (let round = 0; round < 20; round += 1) {
      node.work(round, 500);
      await new Promise((resolve) => setTimeout(resolve, 5));
      await node.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'metad projection'`);
    }
    await proven();
  });

  it('may lose the whole schema', async () => {
    begin({ held: 200 });
    node.work(1, 1_000);
    await node.settled();
    await node.sql(`DROP SCHEMA ${node.schema} CASCADE`);
    node.work(2, 100);
    await until(() => node.troubles.length > 0, 'noticed');
    await proven();
  });

  it('is found to be older than the log, and catches up', async () => {
    begin({ held: 200 });
    node.work(1, 1_000);
    await node.settled();
    await node.stop();
    await dump();
    begin({ schema: node.schema, log: node.log, held: 200 });
    node.work(2, 1_000);
    await node.settled();
    await node.stop();
    await restore();
    begin({ schema: node.schema, log: node.log, held: 200 });
    await proven();
  });
});

const DUMPED = ['resource_v1', 'tenant_v1', 'history_v1', 'projection_checkpoint'];

async function dump(): Promise<void> {
  for (const table of DUMPED) await node.sql(`CREATE TABLE dump_${table} AS TABLE ${table}`);
}

async function restore(): Promise<void> {
  for (const table of DUMPED) {
    await node.sql(`TRUNCATE ${table}; INSERT INTO ${table} SELECT * FROM dump_${table}`);
  }
}

describe('tables of another history', () => {
  it('are not served, and are rebuilt, when they are of another cluster', async () => {
    begin({ incarnation: 'other' });
    node.work(1, 800);
    await node.settled();
    const log = new AppliedLog(partitionsUpTo(3));
    appendWorkload(log, 2, 700);
    await again({ log, incarnation: 'abc' });
    await until(() => status('resource')?.state === 'foreign', 'foreign');
    await expect(node.query('ListResources')).rejects.toMatchObject({ code: 'RESTORING' });
    await proven();
    expect(status('resource')).toMatchObject({ state: 'live', version: 2 });
  });

  it('are rebuilt when they are ahead of the log', async () => {
    begin();
    node.work(1, 800);
    await node.settled();
    const log = new AppliedLog(partitionsUpTo(3));
    appendWorkload(log, 1, 300);
    await again({ log });
    await until(() => status('resource')?.version === 2, 'rebuilt');
    await proven();
  });
});

describe('tables of an earlier program', () => {
  it('are served as they are, and built anew, when their digests are by another rule', async () => {
    begin();
    node.work(1, 500);
    await node.settled();
    await node.stop();
    await node.sql(`UPDATE projection_checkpoint SET digest = '0123456789abcdef'`);
    begin({ schema: node.schema, log: node.log });
    await until(() => status('resource')?.state === 'detached', 'detached');
    expect(status('resource')?.reason).toContain('another version of this program');
    expect((await node.query('ListResources', { limit: 5 })).items).toHaveLength(5);
    await until(() => node.projections.list().every((p) => p.version === 2), 'built anew');
    await proven();
  });
});

describe('tables too far behind', () => {
  it('are rebuilt from a snapshot when the log they need is gone', async () => {
    begin({ held: 100 });
    node.work(1, 600);
    await node.settled();
    await node.stop();
    appendWorkload(node.log, 2, 3_000);
    begin({ schema: node.schema, log: node.log, held: 100 });
    node.replayed.first = 900;
    node.replayed.snapshotsAt.push(1_000);
    await until(() => status('resource')?.version !== 1, 'rebuilt');
    await until(() => node.projections.list().every((p) => p.state === 'live'), 'all live');
    await proven();
    expect(
      await node.sql(`SELECT DISTINCT type FROM history WHERE type = 'HistoryBegins'`),
    ).toEqual([{ type: 'HistoryBegins' }]);
  });
});

/**
 * The projections of the application, with one that refuses what `refuses` says. If `isFold`, it
 * knows no rows of a record as it stands: a version that lacks a parked change can be put in use.
 */
function refusing(
  policy: FailurePolicy,
  refuses: (change: RecordChange) => boolean,
  isFold = false,
): readonly ProjectionDefinition[] {
  return allDefinitions().map((definition) => {
    if (definition.name !== 'resource') return definition;
    const { handler } = definition;
    const handle = (change: RecordChange, entry: AppliedEntry, rows: RowSink): void => {
      if (refuses(change)) throw new Error(`will not have ${change.key}`);
      handler.handle(change, entry, rows);
    };
    const rowsOf = isFold ? undefined : handler.rowsOf?.bind(handler);
    return { ...definition, onFailure: policy, handler: { handle, ...(rowsOf && { rowsOf }) } };
  });
}

describe('an operator', () => {
  it('stops one projection and lets it go on', async () => {
    begin();
    node.work(1, 300);
    await node.settled();
    await node.projections.pause('resource');
    node.work(2, 300);
    await until(() => status('history')?.lagEntries === 0, 'history goes on');
    expect(status('resource')).toMatchObject({ state: 'paused' });
    expect(status('resource')?.lagEntries).toBeGreaterThan(0);
    expect(await node.projections.resume('resource')).toBe(true);
    expect(await node.projections.resume('resource')).toBe(false);
    await proven();
  });
});

describe('a handler that fails', () => {
  it('halts its projection before that entry, and no other', async () => {
    let isBroken = true;
    const definitions = refusing('halt', ({ key }) => isBroken && key === 'acme/bad');
    begin({ definitions });
    node.work(1, 300);
    await node.settled();
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-1'));
    node.work(2, 300);
    await until(() => status('resource')?.state === 'halted', 'halted');
    await until(() => status('history')?.lagEntries === 0, 'history goes on');
    expect(status('resource')?.reason).toContain('will not have acme/bad');
    expect(status('resource')?.lagEntries).toBeGreaterThan(0);
    isBroken = false;
    expect(await node.projections.resume('resource')).toBe(true);
    await proven();
  });

  it('parks that record and its later changes in order, until they are retried', async () => {
    let isBroken = true;
    const definitions = refusing('park', ({ key }) => isBroken && key === 'acme/bad');
    begin({ definitions });
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-1'));
    node.log.append(partitionId(1), assigned('acme', 'good', 'node-1'));
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-2'));
    node.catchUp();
    await node.settled();
    const letters = await node.projections.letters.list(10);
    expect(letters.map((letter) => [letter.index, letter.recordKey])).toEqual([
      [1, 'acme/bad'],
      [3, 'acme/bad'],
    ]);
    expect(await node.sql('SELECT resource_id FROM resource')).toEqual([{ resource_id: 'good' }]);
    await expect(node.projections.letters.retry(letters[0]!, 'me')).rejects.toThrow(
      'will not have',
    );
    await again({ definitions });
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-3'));
    node.catchUp();
    await node.settled();
    isBroken = false;
    expect(await node.projections.letters.retry(letters[0]!, 'me')).toBe(3);
    expect(await node.projections.letters.list(10)).toEqual([]);
    expect(await node.projections.letters.list(10, 'retried')).toMatchObject([
      { decidedBy: 'me' },
      {},
      {},
    ]);
    await proven();
  });

  it('lets an operator skip a change, and verification names the record', async () => {
    const definitions = refusing('park', ({ key, after }) => key === 'acme/bad' && !!after);
    begin({ definitions });
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-1'));
    node.catchUp();
    await node.settled();
    const [letter] = await node.projections.letters.list(10);
    // The digest of what is skipped needs its rows: the handler must be mended first.
    await expect(node.projections.letters.skip(letter!, 'me')).rejects.toThrow('will not have');
    await again();
    await node.settled();
    expect(await node.projections.letters.skip(letter!, 'me')).toBe(true);
    const job = await node.finished(await node.projections.jobs.verify('resource'));
    expect(job.report).toMatchObject({
      verification: { equal: false, differences: [{ difference: 'missing' }] },
    });
    node.log.append(partitionId(1), assigned('acme', 'bad', 'node-2'));
    node.catchUp();
    await proven();
  });
});

describe('a record that is parked', () => {
  const fromLog = { source: 'log', throttle: null, activate: true, compareWithLive: true } as const;
  let isBroken: boolean;

  const assign = async (to: string): Promise<void> => {
    node.log.append(partitionId(1), assigned('acme', 'bad', to));
    node.catchUp();
    await node.settled();
  };

  /** The projections are at the first change of the record, which one of them refused. */
  async function parked(): Promise<void> {
    isBroken = true;
    const refuses = ({ key }: RecordChange): boolean => isBroken && key === 'acme/bad';
    begin({ definitions: refusing('park', refuses, true) });
    await assign('node-1');
    expect(await waiting(1)).toEqual([1]);
  }

  const lettersOf = async (version: number) =>
    (await node.projections.letters.list(10)).filter((letter) => letter.version === version);
  const waiting = async (version: number): Promise<number[]> =>
    (await lettersOf(version)).map((letter) => letter.index);

  async function retried(version: number): Promise<void> {
    const [oldest] = await lettersOf(version);
    await node.projections.letters.retry(oldest!, 'me');
    expect(await node.sql('SELECT node FROM resource')).toEqual([{ node: 'node-3' }]);
    await proven();
  }

  it('stays so in a version that a rollback puts back in use', async () => {
    await parked();
    isBroken = false;
    const { jobs } = node.projections;
    expect(await node.finished(await jobs.rebuild('resource', fromLog))).toMatchObject({
      ...{ state: 'done', version: 2 },
    });
    await assign('node-2');
    expect(await node.finished(await jobs.rollback('resource'))).toMatchObject({ state: 'done' });
    await assign('node-3');
    expect(await waiting(1)).toEqual([1, 2, 3]);
    await retried(1);
  });

  it('stays so in a rebuilt version that is taken up again', async () => {
    await parked();
    const { jobs } = node.projections;
    const job = await jobs.rebuild('resource', { ...fromLog, activate: false });
    expect(await node.finished(job)).toMatchObject({ state: 'ready', version: 2 });
    isBroken = false;
    await assign('node-2');
    expect(await node.finished(await jobs.activate('resource'))).toMatchObject({ state: 'done' });
    await assign('node-3');
    expect(await waiting(2)).toEqual([1, 2, 3]);
    await retried(2);
  });

  it('is forgotten with its version, whose number another one gets', async () => {
    await parked();
    const { jobs } = node.projections;
    const job = await jobs.rebuild('resource', { ...fromLog, activate: false });
    await node.finished(job);
    expect(await waiting(2)).toEqual([1]);
    await jobs.cancel(job.jobId);
    expect(await waiting(2)).toEqual([]);
    isBroken = false;
    await node.finished(await jobs.rebuild('resource', fromLog));
    expect(status('resource')).toMatchObject({ version: 2 });
    await assign('node-3');
    expect(await waiting(2)).toEqual([]);
    expect(await node.sql('SELECT node FROM resource')).toEqual([{ node: 'node-3' }]);
    await proven();
  });
});
